namespace FuncLimiter.Core.Leasing;

/// <content>What outlives the process.</content>
public sealed partial class LeaseBook
{
    /// <summary>The state to be stored.</summary>
    public LeaseBookState Save() => new()
    {
        At = _now,
        LastNumber = _lastNumber,
        CooldownUntil = CooldownUntil,
        SurprisedAt = _surprisedAt,
        Caution = _caution.Save(),
        Accounts = [.. _accounts.Select(account => account.Export())],
        Charging = [.. _learners.Select(learner => learner.SaveBooks())],
        Charged = [.. _charged.Values],
        Unjudged = [.. _unjudged],
        Tenures = [.. _tenures.Values.Select(tenure => tenure.Export())],
    };

    /// <summary>Takes up a stored state, into a new book. False, and nothing is taken up, where the state is of other limits.</summary>
    public bool TryRestore(LeaseBookState state)
    {
        var fits = state.Accounts.Select(account => account.Limit).SequenceEqual(_accounts.Select(account => account.Name))
            && state.Tenures.All(tenure => tenure.Lines.Count == _accounts.Length && (tenure.Answer is null || tenure.Answer.Lines.Count == _accounts.Length));
        if (!fits)
        {
            return false;
        }

        if (state.Caution is { } caution)
        {
            _caution.Restore(caution);
        }

        (_now, _lastNumber, CooldownUntil, _surprisedAt) = (state.At, state.LastNumber, state.CooldownUntil, state.SurprisedAt);
        for (var i = 0; i < _learners.Length && state.Charging.Count == _learners.Length; i++)
        {
            _learners[i].Restore(state.Charging[i]);
        }

        foreach (var told in state.Charged)
        {
            _charged[told.Instance] = told;
        }

        _unjudged.AddRange(state.Unjudged);
        foreach (var tenure in state.Tenures)
        {
            _tenures[tenure.Instance] = new(tenure);
        }

        for (var i = 0; i < _accounts.Length; i++)
        {
            _accounts[i].Import(state.Accounts[i], _now);
        }

        Reserve();
        return true;
    }
}
