using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Leasing;
using FuncLimiter.Functions.Entities;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Operations.Admin;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Entities;

namespace FuncLimiter.Functions.Leasing;

/// <summary>
/// Asks entities: by a signal, one operation of the entity, and by reading its state until the answer is in it. An orchestration that called
/// the entity would cost a dozen storage transactions more for each ask, and seconds where its queues back off.
/// </summary>
internal sealed class EntityQuestions(DurableClientSource clients, TimeProvider time)
{
    private static readonly TimeSpan FirstLook = TimeSpan.FromMilliseconds(60);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(0.5);

    /// <summary>Asks, and looks for the answer.</summary>
    /// <param name="ask">What the operation takes.</param>
    /// <param name="find">Reads the answer out of a state; null where it is not in it.</param>
    /// <param name="within">How long to look.</param>
    /// <returns>The answer; null where none came in time.</returns>
    public async Task<TAnswer?> AskAsync<TState, TAnswer>(
        EntityInstanceId owner, string operation, object ask, Func<TState, TAnswer?> find, TimeSpan within, CancellationToken cancellationToken)
        where TAnswer : class
    {
        var client = await clients.GetAsync(cancellationToken);
        var begun = time.GetTimestamp();
        await client.Entities.SignalEntityAsync(owner, operation, ask, null, cancellationToken);
        for (var pause = FirstLook; time.GetElapsedTime(begun) < within; pause = pause * 1.5 < LongestPause ? pause * 1.5 : LongestPause)
        {
            await Task.Delay(pause, time, cancellationToken);
            if (await client.Entities.GetEntityAsync<TState>(owner, true, cancellationToken) is { IncludesState: true, State: { } state } && find(state) is { } answer)
            {
                return answer;
            }
        }

        return null;
    }
}

/// <summary>
/// The durable client for what runs beside functions. The worker hands clients to functions only; one that it handed out is good for as long
/// as the process lives.
/// </summary>
internal sealed class DurableClientSource
{
    private readonly TaskCompletionSource<DurableTaskClient> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Keeps the first client that a function was handed.</summary>
    public void Use(DurableTaskClient client) => _first.TrySetResult(client);

    /// <summary>The client, as soon as the first function of this process has run.</summary>
    public Task<DurableTaskClient> GetAsync(CancellationToken cancellationToken) =>
        _first.Task.IsCompleted ? _first.Task : _first.Task.WaitAsync(cancellationToken);
}

/// <summary>Carries operators' words on what was learned to the entities that learn, and takes up here at once what they make of them.</summary>
internal sealed class EntityTeaching(EntityQuestions entities, LeaseSource source, EmbeddedLimiter limiter) : ISharedLearning
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(20);

    /// <inheritdoc/>
    public async Task<bool?> ChangeAsync(AdminChange change, CancellationToken cancellationToken)
    {
        // What was found to be shared is known to the owners of all that share it: they hear of it with the next asks.
        if (change is ForgetChange { Scope: var found } && found.StartsWith(LeaseScope.OfSharedLimit(FoundLimit.Prefix), StringComparison.Ordinal))
        {
            return limiter.Control((controls, now) => controls.Forget(found, now));
        }

        var teaching = Of(change, Guid.NewGuid().ToString("N"));
        if (teaching is null || LeaseScope.OfProviders(teaching.Budget, source.Spec) is not { } scope)
        {
            return false;
        }

        var state = await entities.AskAsync<OwnerState, OwnerState>(
            BudgetOperations.Owner(scope), BudgetOperations.Teach, teaching, state => OutcomeOf(teaching, state) is null ? null : state, AnswerWithin, cancellationToken);
        if (state is null)
        {
            return null;
        }

        if (ScopeRecord.Unpack(state.Packed)?.Owner.Books.GetValueOrDefault(teaching.Budget) is { } book)
        {
            limiter.Control((controls, now) => controls.FollowLearned(teaching.Budget, [.. book.Charging.Select(charging => charging.Learned)], book.ForgottenAt, now));
        }

        return OutcomeOf(teaching, state)!.IsDone;
    }

    private static ScopeTeaching? Of(AdminChange change, string id) => change switch
    {
        PinChange pin when DimensionName.TryParse(pin.Dimension, out var dimension) && ChargeRuleName.TryParse(pin.Rule, out var rule) =>
            new ScopeTeaching(id, pin.Scope, dimension, rule),
        ForgetChange forget => new ScopeTeaching(id, forget.Scope),
        _ => null,
    };

    private static TeachingOutcome? OutcomeOf(ScopeTeaching teaching, OwnerState state) => state.Taught.FirstOrDefault(done => done.Id == teaching.Id);
}
