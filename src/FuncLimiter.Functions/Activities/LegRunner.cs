using FuncLimiter.Core.Pacing;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Functions.Leasing;
using FuncLimiter.Functions.Storage;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Gateway.Jobs;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace FuncLimiter.Functions.Activities;

/// <summary>
/// Runs legs of jobs' calls, each once. A leg that is delivered again while it runs is not run twice; one whose process died is run again
/// under the same idempotency key, since what became of it at the provider can't be known; one that was run is answered from its row.
/// </summary>
internal sealed class LegRunner(
    JobTables tables, JobArchive archive, JobResults results, JobCallReader reader, ICallLegs legs, GivenUpJobs givenUp, TimeProvider time)
{
    /// <summary>
    /// Calls of lists that run in a process at once: half of the activities that a host runs (<c>maxConcurrentActivityFunctions</c> in
    /// <c>host.json</c>), however many lists there are. Their long calls would keep single jobs waiting, and the ends of jobs and replies.
    /// </summary>
    public const int MostOfLists = 64;

    /// <summary>
    /// Calls of single jobs that run in a process at once. What is left of its activities is for what never takes long: ends of jobs, replies,
    /// webhooks, providers' batches, and legs that are told to come later.
    /// </summary>
    public const int MostOfSingles = 48;

    /// <summary>After how long a call of a list that found no place asks again; its list asks sooner where others of it get on.</summary>
    private static readonly TimeSpan NoPlace = TimeSpan.FromSeconds(20);

    /// <summary>How long a leg waits with the call in memory; what takes longer is slept through by the orchestration.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    /// <summary>Three missed heartbeats, and a runner counts as dead.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(45);

    /// <summary>A call over which process after process dies is given up.</summary>
    private const int MostCuts = 5;

    private static readonly PacingPolicy Policy = PacingPolicy.Default with
    {
        MaxAttempts = 12,
        MaxWaits = 1_000_000,
        Hint = new HintPolicy { Cap = TimeSpan.FromDays(7) },
    };

    private static readonly GatewayError CutOff = new(
        500, "cut_off", "Several processes ended over this call; it is not tried again.");

    private readonly LegPlaces _lists = new(MostOfLists, time);
    private readonly LegPlaces _singles = new(MostOfSingles, time);

    /// <summary>Runs a leg, unless it was run.</summary>
    public async Task<LegOutcome> RunAsync(LegInput input, CancellationToken cancellationToken)
    {
        var places = input.IsOfList ? _lists : _singles;
        if (!places.TryTake(out var turn))
        {
            return input.IsOfList
                ? new LegOutcome(input.Index, null, input.Leg, time.GetUtcNow() + NoPlace) { WaitsForRoom = true }
                : new LegOutcome(input.Index, null, input.Leg, turn);
        }

        var since = time.GetTimestamp();
        try
        {
            return await RunOnceAsync(input, cancellationToken);
        }
        finally
        {
            places.GiveBack(since);
        }
    }

    private async Task<LegOutcome> RunOnceAsync(LegInput input, CancellationToken cancellationToken)
    {
        var row = await FindAsync(input, cancellationToken);
        if (Settled(input, row) is { } settled)
        {
            return settled;
        }

        var now = time.GetUtcNow();
        row = row.Under(Guid.NewGuid().ToString("N"), now + Lifetime);
        var tag = row.Row.Tag.Length == 0
            ? await tables.Jobs.AddAsync(row.Row, cancellationToken)
            : await tables.Jobs.ReplaceAsync(row.Row, cancellationToken);
        if (tag is null)
        {
            // Somebody else was quicker.
            return new LegOutcome(input.Index, null, input.Leg, now + TimeSpan.FromSeconds(1));
        }

        return await RunAsync(input, row.Written(tag), cancellationToken);
    }

    private async Task<LegRow> FindAsync(LegInput input, CancellationToken cancellationToken) =>
        await tables.Jobs.FindAsync(input.Job, JobRows.ItemKey(input.Index), cancellationToken) is { } found
            ? new LegRow(found)
            : LegRow.New(input.Job, input.Index);

    /// <summary>What is known already; null where the leg is to be run.</summary>
    private LegOutcome? Settled(LegInput input, LegRow row) =>
        row.Ended is { } state ? new LegOutcome(input.Index, state, row.Leg, default)
        : row.Leg > input.Leg ? new LegOutcome(input.Index, null, row.Leg, row.WakeAt) { WaitsForRoom = row.State.WaitsForRoom }
        : row.RunUntil is { } until && until > time.GetUtcNow() ? new LegOutcome(input.Index, null, input.Leg, until)
        : null;

    private async Task<LegOutcome> RunAsync(LegInput input, LegRow row, CancellationToken cancellationToken)
    {
        using var beat = new LegHeartbeat(tables, row, Heartbeat, Lifetime, time, cancellationToken);
        using var watch = givenUp.Watch(beat);
        JobItemResult? result = null;
        CallLeg? leg = null;
        try
        {
            (result, leg) = await CarryAsync(input, row, beat.Token);
        }
        catch (OperationCanceledException) when (beat.Token.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            result = beat.IsGivenUp ? new JobItemResult(JobItemState.Cancelled, time.GetUtcNow(), 0) : null;
        }

        row = await beat.EndAsync();
        if (result is null && leg is null)
        {
            // The row is somebody else's now, and so is the call.
            return new LegOutcome(input.Index, null, input.Leg, time.GetUtcNow() + TimeSpan.FromSeconds(1));
        }

        return await KeepAsync(input, row, result, leg);
    }

    private async Task<LegOutcome> KeepAsync(LegInput input, LegRow row, JobItemResult? result, CallLeg? leg)
    {
        if (result is null)
        {
            var wakeAt = leg!.Action is PacingAction.WaitUntil wait ? SteadyClock.Of(time).ToWall(wait.Until) : time.GetUtcNow();
            row = row.Asleep(leg.State, wakeAt);
        }
        else
        {
            row = row.Over();
            await results.PutAsync(row.Row, result, CancellationToken.None);
        }

        if (await tables.Jobs.ReplaceAsync(row.Row, CancellationToken.None) is null)
        {
            row = await FindAsync(input, CancellationToken.None);
            return Settled(input, row) ?? new LegOutcome(input.Index, null, input.Leg, time.GetUtcNow() + TimeSpan.FromSeconds(1));
        }

        return Settled(input, row)!;
    }

    private async Task<(JobItemResult? Result, CallLeg? Leg)> CarryAsync(LegInput input, LegRow row, CancellationToken cancellationToken)
    {
        if (await tables.Jobs.FindAsync(input.Job, JobRows.Job, cancellationToken) is not { } job || job.IsTrue("Cancelled")
            || await archive.ReadAsync(input.Job, input.Index, cancellationToken) is not var (call, deadline))
        {
            return (new JobItemResult(JobItemState.Cancelled, time.GetUtcNow(), 0), null);
        }

        if (time.GetUtcNow() >= deadline)
        {
            return (new JobItemResult(JobItemState.Expired, time.GetUtcNow(), 0), null);
        }

        if (row.Cuts >= MostCuts)
        {
            return (JobCallReader.Refuse(call, CutOff, time.GetUtcNow()), null);
        }

        if (!reader.TryRead(call, job.Text("Tenant")!, out var envelope, out var error))
        {
            // A call that was accepted may be refused later: its model was taken out of the configuration.
            return (JobCallReader.Refuse(call, error, time.GetUtcNow()), null);
        }

        var key = new JobItemKey(input.Job, input.Index);
        var terms = new CallTerms(Patience, Seed(key), SteadyClock.Of(time).FromWall(deadline)) { Policy = Policy };
        var leg = await legs.RunAsync(envelope with { IdempotencyKey = key.ToString() }, row.State, terms, cancellationToken);
        return (leg.Result is { } answer ? JobItemResult.Of(StateOf(answer.Status, leg.Action), time.GetUtcNow(), answer) : null, leg);
    }

    private static JobItemState StateOf(int status, PacingAction last) => last switch
    {
        _ when status is >= 200 and < 400 => JobItemState.Succeeded,
        PacingAction.Refuse { Refusal.Reason: RefusalReason.WouldWaitTooLong or RefusalReason.QueueFull } => JobItemState.Expired,
        _ => JobItemState.Failed,
    };

    /// <summary>The same for every leg of a call, wherever it runs.</summary>
    private static ulong Seed(JobItemKey key) => key.ToString().Aggregate(14_695_981_039_346_656_037UL, (hash, letter) => (hash ^ letter) * 1_099_511_628_211UL);
}

/// <summary>The activity that carries a call one leg on.</summary>
internal sealed class RunLeg(LegRunner runner, DurableClientSource clients)
{
    /// <summary>Runs the leg, unless it was run.</summary>
    /// <param name="client">Reaches the entities that own the budgets.</param>
    [Function(nameof(RunLeg))]
    public async Task<LegOutcome> RunAsync([ActivityTrigger] LegInput input, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken)
    {
        clients.Use(client);
        return await runner.RunAsync(input, cancellationToken) with { Question = input.Question(nameof(RunLeg)) };
    }
}

/// <summary>
/// So many legs may run in a process at once. One that finds no place is told when one should be free for it, after all that were told before:
/// by how long legs have had theirs of late.
/// </summary>
internal sealed class LegPlaces(int most, TimeProvider time)
{
    private static readonly TimeSpan Soonest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Latest = TimeSpan.FromMinutes(1);

    /// <summary>The part of the mean that the latest leg is.</summary>
    private const double Weight = 0.1;

    private readonly Lock _gate = new();
    private int _taken;
    private double _seconds = 1;
    private DateTimeOffset _nextTurn;

    /// <summary>Takes a place.</summary>
    /// <param name="turn">When to ask again, where there is none.</param>
    public bool TryTake(out DateTimeOffset turn)
    {
        lock (_gate)
        {
            turn = default;
            if (_taken < most)
            {
                _taken++;
                return true;
            }

            var now = time.GetUtcNow();
            var next = (_nextTurn > now ? _nextTurn : now) + TimeSpan.FromSeconds(_seconds / most);
            _nextTurn = next < now + Latest ? next : now + Latest;
            turn = _nextTurn > now + Soonest ? _nextTurn : now + Soonest;
            return false;
        }
    }

    /// <summary>Gives a place back.</summary>
    /// <param name="since">When it was taken, see <see cref="TimeProvider.GetTimestamp"/>.</param>
    public void GiveBack(long since)
    {
        lock (_gate)
        {
            _taken--;
            _seconds += Weight * (time.GetElapsedTime(since).TotalSeconds - _seconds);
        }
    }
}
