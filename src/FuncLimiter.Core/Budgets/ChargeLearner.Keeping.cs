namespace FuncLimiter.Core.Budgets;

/// <content>What is kept of what was learned.</content>
internal sealed partial class ChargeLearner
{
    /// <summary>What is kept of what was learned.</summary>
    public ChargeState Save() => new(Dimension, limit.Window.Ticks, Rule, open, factor, offset, Since, Answers) { IsPinned = IsPinned };

    /// <summary>The same, with the likeliest rule for the only one.</summary>
    public ChargeState SaveLikeliest()
    {
        var rule = (open >> likeliest & 1) != 0 ? likeliest : best;
        return Save() with { Rule = rules[rule], Open = 1UL << rule };
    }

    /// <summary>Takes on what was learned before.</summary>
    public void Restore(ChargeState state)
    {
        var place = Array.IndexOf(rules, state.Rule);
        if (place < 0 || IsPinned || (state.Since == Instant.Distant && state.Answers == 0))
        {
            return;
        }

        (best, open, factor, offset) = (place, state.Open & All, Math.Clamp(state.Factor, 0.1, 10), Math.Max(0, state.Offset));
        (isJudged, Since, Answers, IsPinned) = (state.Since != Instant.Distant, state.Since, state.Answers, state.IsPinned);
    }

    /// <summary>Goes by what the owner of a leased budget goes by, a person's word that was taken back included.</summary>
    public void Follow(ChargeState state)
    {
        IsPinned = false;
        Restore(state);
    }

    /// <summary>Everything, to go on from between two operations of an owner; the books only while they are needed.</summary>
    /// <param name="isWanted">Whether they are, although nothing is left to learn.</param>
    public ChargeBooksState SaveBooks(bool isWanted)
    {
        var state = new ChargeBooksState
        {
            Learned = Save(),
            Patience = patience,
            FirstHeardAt = firstHeardAt,
            IsAssumed = isAssumed,
            SurprisedAt = surprisedAt,
            Refusals = refusals,
            CallsOfLate = callsOfLate,
            PassedAt = passedAt,
        };
        return IsSettled && !isWanted ? state : state with
        {
            Likeliest = rules[likeliest],
            Strength = strength,
            Doubts = doubts,
            TurnedAt = reports.TurnedAt,
            Entries = book.Save(),
            Reports = reports.Save(),
        };
    }

    /// <summary>Goes on from what was saved.</summary>
    public void Restore(ChargeBooksState state)
    {
        Restore(state.Learned);
        (strength, doubts) = (state.Strength, state.Doubts);
        (patience, firstHeardAt, isAssumed) = (state.Patience > patience ? state.Patience : patience, state.FirstHeardAt, state.IsAssumed);
        book.Restore(state.Entries);
        reports.Restore(state.Reports, state.TurnedAt);
        (surprisedAt, refusals, callsOfLate, passedAt) = (state.SurprisedAt, state.Refusals, state.CallsOfLate, state.PassedAt);
        likeliest = Math.Max(0, Array.IndexOf(rules, state.Likeliest));
    }
}
