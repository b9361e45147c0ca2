using System.Collections.Concurrent;
using System.Diagnostics;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Calls.Admission;

namespace FuncLimiter.Gateway.Tests.Hosting;

/// <summary>Admits, holds or refuses as it is told, and writes down everything it is asked and told.</summary>
internal sealed class FakeLimiter : ILimiter
{
    private readonly ConcurrentQueue<AdmissionRequest> _requests = new();
    private readonly ConcurrentQueue<(Reservation Reservation, Observation Observation)> _observations = new();
    private readonly ConcurrentQueue<(Reservation Reservation, Settlement Settlement)> _settlements = new();

    public IReadOnlyList<AdmissionRequest> Requests => [.. _requests];

    public IReadOnlyList<Observation> Observations => [.. _observations.Select(entry => entry.Observation)];

    public IReadOnlyList<Settlement> Settlements => [.. _settlements.Select(entry => entry.Settlement)];

    public int Cancelled { get; private set; }

    /// <summary>What to answer; admits to the first place that is not excluded unless told otherwise.</summary>
    public Func<AdmissionRequest, AdmissionResult> Decide { get; set; } = Admit;

    /// <summary>Holds every call until completed, where set.</summary>
    public TaskCompletionSource? Hold { get; set; }

    public BudgetReport? Tightest { get; set; }

    public LimiterReport Answer { get; set; } = new(new Instant(0), [], [], 0, 0, 0, 0);

    public static AdmissionResult Admit(AdmissionRequest request) => new()
    {
        Reservation = new Reservation(),
        Place = System.Numerics.BitOperations.TrailingZeroCount(~request.Excluded),
    };

    public static Func<AdmissionRequest, AdmissionResult> Refuse(RefusalReason reason, string budget, Instant retryAt) =>
        _ => new AdmissionResult { Refusal = new Refusal(reason, budget, retryAt) };

    public async ValueTask<AdmissionResult> AdmitAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        _requests.Enqueue(request);
        if (Hold is { } hold)
        {
            try
            {
                await hold.Task.WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                Cancelled++;
                throw;
            }
        }

        return Decide(request) with { Tightest = Tightest };
    }

    public void Observe(Reservation reservation, Observation observation) => _observations.Enqueue((reservation, observation));

    public void Settle(Reservation reservation, in Settlement settlement) => _settlements.Enqueue((reservation, settlement));

    public void Leave(Reservation reservation)
    {
    }

    public Instant Foresee(AdmissionRequest request) => Instant.Distant;

    public bool CoolDown(string scope, Instant until) => false;

    public LimiterReport Report() => Answer;

    /// <summary>
    /// True when each reservation handed out was settled exactly once. A caller may have its answer a moment before: that is waited for.
    /// </summary>
    public async Task<bool> EverythingIsSettledOnceAsync(int expected)
    {
        for (var waited = Stopwatch.StartNew(); _settlements.Count < expected && waited.Elapsed < TimeSpan.FromSeconds(60);)
        {
            await Task.Delay(5);
        }

        return _settlements.Count == expected && _settlements.Select(entry => entry.Reservation).Distinct().Count() == expected;
    }
}
