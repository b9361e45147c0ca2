using System.Collections.Concurrent;
using System.Text;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Routes;
using FuncLimiter.Gateway.Jobs;
using FuncLimiter.Gateway.Jobs.Running;
using FuncLimiter.Gateway.Tests.Hosting;
using FuncLimiter.Providers;
using Microsoft.Extensions.Logging.Abstractions;

namespace FuncLimiter.Gateway.Tests.Jobs;

/// <summary>A runner of jobs on a clock of the test's own, between a store and an executor that do as they are told.</summary>
internal sealed class ScriptedJobs : IJobSource, ICallExecutor, IAsyncDisposable
{
    private readonly ConcurrentQueue<JobItem> _waiting = new();
    private readonly JobSignals _signals = new();
    private readonly JobRunner _runner;

    public ScriptedJobs()
    {
        var configuration = Samples.Open(new Uri("http://127.0.0.1:1"));
        var running = new RunningItems();
        var reader = new JobCallReader(new RouteTable(configuration, ProviderCatalog.Get));
        var items = new JobItemRunner(this, this, reader, running, _signals, new JobPace(Time), Time, NullLogger<JobItemRunner>.Instance);
        _runner = new JobRunner(this, items, running, _signals, configuration, Time, NullLogger<JobRunner>.Instance);
    }

    public VirtualTime Time { get; } = new();

    /// <summary>What was stored of the one item, in order.</summary>
    public ConcurrentQueue<string> Stored { get; } = new();

    /// <summary>How often the executor was asked.</summary>
    public int Executed { get; private set; }

    /// <summary>How each call goes: it is given what stops waiting, and what cuts it off.</summary>
    public Func<CancellationToken, CancellationToken, Task<CallResult>> Execute { get; set; } = (_, _) => Task.FromResult(Answer(200, "a/m"));

    /// <summary>Fails so many attempts to store an outcome.</summary>
    public int StoreFailures { get; set; }

    public JobSlots LastSlots { get; private set; }

    public static CallResult Answer(int status, string? deployment, params (string Name, string Value)[] headers) =>
        new(status, [.. headers.Select(header => KeyValuePair.Create(header.Name, header.Value))], default, deployment, null, 1);

    public async Task StartAsync(TimeSpan? deadline = null, int failures = 0)
    {
        var call = new JobCall("/v1/chat/completions", Encoding.UTF8.GetBytes(Samples.Chat), Priority.Standard) { Lane = "gpt-x" };
        _waiting.Enqueue(new JobItem(new JobItemKey("job_1", 0), "acme", call, Time.GetUtcNow() + (deadline ?? TimeSpan.FromHours(1)), failures));
        await _runner.StartAsync(CancellationToken.None);
    }

    public Task StoppingAsync() => _runner.StoppingAsync(CancellationToken.None);

    public Task StopAsync() => _runner.StopAsync(CancellationToken.None);

    /// <summary>Waits until so many outcomes are stored.</summary>
    public async Task<IReadOnlyList<string>> UntilStoredAsync(int count)
    {
        await UntilAsync(() => Stored.Count >= count);
        return [.. Stored];
    }

    public static async Task UntilAsync(Func<bool> condition)
    {
        for (var attempt = 0; !condition() && attempt < 1500; attempt++)
        {
            await Task.Delay(10);
        }

        Assert.True(condition());
    }

    public async ValueTask DisposeAsync()
    {
        await StoppingAsync();
        await StopAsync();
        _runner.Dispose();
    }

    Task<JobTaking> IJobSource.TakeAsync(JobSlots slots, DateTimeOffset now, CancellationToken cancellationToken)
    {
        LastSlots = slots;
        return Task.FromResult(new JobTaking(_waiting.TryDequeue(out var item) ? [item] : [], null, 0));
    }

    Task IJobSource.PostponeAsync(JobItemKey item, DateTimeOffset notBefore, int failures) =>
        StoreAsync($"postponed by {(notBefore - Time.GetUtcNow()).TotalSeconds:0.#} s with {failures} failures");

    async Task<bool> IJobSource.EndAsync(JobItemKey item, JobItemResult result)
    {
        await StoreAsync($"{result.State} {result.Status}");
        return true;
    }

    Task<CallResult> ICallExecutor.ExecuteAsync(CallEnvelope call, CancellationToken cancellationToken) => throw new NotSupportedException();

    Task<CallResult> ICallExecutor.ExecuteAsync(CallEnvelope call, CancellationToken stopWaiting, CancellationToken cancellationToken)
    {
        Executed++;
        return Execute(stopWaiting, cancellationToken);
    }

    Task<int> IJobSource.RequeueAsync(CancellationToken cancellationToken) => Task.FromResult(0);

    Task<JobAddition> IJobStore.AddAsync(NewJob job, int mostWaiting, CancellationToken cancellationToken) => throw new NotSupportedException();

    Task<bool> IJobStore.CancelAsync(string tenant, string id, DateTimeOffset now, CancellationToken cancellationToken) => throw new NotSupportedException();

    Task<JobSnapshot?> IJobStore.FindAsync(string tenant, string id, JobPage page, CancellationToken cancellationToken) => throw new NotSupportedException();

    Task<int> IJobStore.SweepAsync(DateTimeOffset endedBefore, int most, CancellationToken cancellationToken) => throw new NotSupportedException();

    private Task StoreAsync(string outcome)
    {
        if (StoreFailures-- > 0)
        {
            Stored.Enqueue("not stored");
            return Task.FromException(new IOException("The disk is full."));
        }

        Stored.Enqueue(outcome);
        return Task.CompletedTask;
    }
}
