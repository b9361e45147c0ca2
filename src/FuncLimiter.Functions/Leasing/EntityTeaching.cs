using FuncLimiter.Core.Leasing;
using FuncLimiter.Functions.Entities;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Operations.Admin;

namespace FuncLimiter.Functions.Leasing;

/// <summary>Carries operators' words on what was learned to the entities that learn, and takes up here at once what they make of them.</summary>
internal sealed class EntityTeaching(EntityQuestions entities, LeaseSource source, EmbeddedLimiter limiter) : ISharedLearning
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(20);

    /// <inheritdoc/>
    public async Task<bool?> ChangeAsync(AdminChange change, CancellationToken cancellationToken)
    {
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
