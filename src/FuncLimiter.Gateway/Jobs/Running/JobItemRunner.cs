using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Providers.Dialects;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Gateway.Jobs.Running;

/// <summary>Runs one call of a job, and stores how it ended or when it is to be tried again.</summary>
internal sealed class JobItemRunner(
    IJobSource store,
    ICallExecutor executor,
    JobCallReader reader,
    RunningItems running,
    JobSignals signals,
    JobPace pace,
    TimeProvider time,
    ILogger<JobItemRunner> logger,
    IUsageSink? usage = null)
{
    /// <summary>How long no call of a lane is begun after the limiter had no room for one of them.</summary>
    private static readonly TimeSpan LongestClosure = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan LongestStoreWait = TimeSpan.FromSeconds(30);

    /// <summary>Completes when the call has ended or is put back; never throws.</summary>
    /// <param name="stopWaiting">Nothing is begun any more; what a provider has goes on.</param>
    public async Task RunAsync(JobItem item, CancellationToken stopWaiting, CancellationToken stoppingToken)
    {
        using var late = new CancellationTokenSource();
        using var cut = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, late.Token);
        if (!running.TryAdd(item, cut))
        {
            return;
        }

        try
        {
            await Task.Yield();
            using var deadline = time.CreateTimer(
                static late => ((CancellationTokenSource)late!).Cancel(), late, Positive(item.Deadline - time.GetUtcNow()), Timeout.InfiniteTimeSpan);
            if (await OutcomeAsync(item, late.Token, stopWaiting, cut.Token) is { } outcome)
            {
                await StoreAsync(item, outcome, stoppingToken);
            }
        }
        catch (Exception trouble)
        {
            logger.LogError(trouble, "The outcome of {Item} could not be stored; it is run again after a restart.", item.Key);
        }
        finally
        {
            running.Remove(item);
            signals.Work.Set();
        }
    }

    /// <summary>Runs the call; what to store then, or null where nothing is to be: the process stops, or its tenant gave the job up.</summary>
    private async Task<Func<Task>?> OutcomeAsync(JobItem item, CancellationToken late, CancellationToken stopWaiting, CancellationToken cut)
    {
        try
        {
            if (!reader.TryRead(item.Call, item.Tenant, out var envelope, out var error))
            {
                return End(item, Refused(item, error));
            }

            var call = envelope with { MaxWait = Positive(item.Deadline - time.GetUtcNow()), IdempotencyKey = item.Key.ToString(), IsTriedAgain = true };
            var answer = await executor.ExecuteAsync(call, stopWaiting, cut);
            return Next(item, JobStep.After(answer, item.Failures), answer);
        }
        catch (OperationCanceledException) when (cut.IsCancellationRequested || stopWaiting.IsCancellationRequested)
        {
            return late.IsCancellationRequested ? End(item, new JobItemResult(JobItemState.Expired, time.GetUtcNow(), 0)) : null;
        }
        catch (Exception trouble)
        {
            logger.LogError(trouble, "The call {Item} broke down.", item.Key);
            var error = new GatewayError(500, "internal_error", "The call broke down within FuncLimiter.");
            return Next(item, JobStep.AfterFailure(item.Failures, null), new CallResult(500, [], ErrorJson.Write(Dialect.OpenAI, error), null, null, 0));
        }
    }

    private Func<Task> Next(JobItem item, JobStep step, CallResult answer)
    {
        if (step.Final is { } state)
        {
            return End(item, JobItemResult.Of(state, time.GetUtcNow(), answer));
        }

        var notBefore = time.GetUtcNow() + step.Wait;
        if (answer.Deployment is null)
        {
            var opens = time.GetUtcNow() + LongestClosure;
            running.Close(JobLane.Of(item), notBefore < opens ? notBefore : opens);
        }

        return () => store.PostponeAsync(item.Key, notBefore, step.Failures);
    }

    private Func<Task> End(JobItem item, JobItemResult result) => async () =>
    {
        if (await store.EndAsync(item.Key, result))
        {
            Count(item, result);
            pace.Ended(item.Tenant);
            signals.Ended.Set();
        }
    };

    // What was answered was counted by the one that answered, and what attempts in vain have cost as well.
    private void Count(JobItem item, JobItemResult result)
    {
        if (result.State is not (JobItemState.Failed or JobItemState.Expired) || !reader.TryRead(item.Call, item.Tenant, out var call, out _))
        {
            return;
        }

        usage?.Record(new UsageRecord(
            result.EndedAt, call.Caller, call.Facts.Model, call.Facts.Operation, result.Deployment, result.Status, null, null, TimeSpan.Zero, TimeSpan.Zero, 0)
        {
            Outcome = result.State == JobItemState.Expired ? UsageOutcome.Refused : UsageOutcome.Failed,
        });
    }

    // A call that was accepted may be refused later: its model was taken out of the configuration.
    private JobItemResult Refused(JobItem item, GatewayError error) => JobCallReader.Refuse(item.Call, error, time.GetUtcNow());

    // A full disk or a locked file may pass, and an outcome was paid for: it holds its slot until it is stored, so that a disk which takes
    // no outcomes begins no more calls.
    private async Task StoreAsync(JobItem item, Func<Task> outcome, CancellationToken stoppingToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await outcome();
                return;
            }
            catch (Exception trouble) when (!stoppingToken.IsCancellationRequested)
            {
                logger.LogWarning(trouble, "The outcome of {Item} could not be stored; attempt {Attempt}.", item.Key, attempt);
                var wait = TimeSpan.FromSeconds(Math.Min(attempt, LongestStoreWait.TotalSeconds));
                await Task.Delay(wait, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private static TimeSpan Positive(TimeSpan span) => span > TimeSpan.Zero ? span : TimeSpan.Zero;
}
