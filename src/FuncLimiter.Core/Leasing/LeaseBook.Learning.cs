using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Leasing;

/// <content>How the provider charges, from what instances tell of their calls and of what was reported to remain.</content>
public sealed partial class LeaseBook
{
    private const int MostUnjudged = 64;

    /// <summary>So many reports are asked for every <see cref="LeasePolicy.FirstRefresh"/>: the rule is mostly known from them.</summary>
    private const int FirstAnswers = 8;

    /// <summary>So many are asked for before the usual time, those after the first a few at once.</summary>
    private const int SoonAnswers = 32;
    private const int LaterAnswers = 3;

    /// <summary>Reports of a sliding window are compared over half of it: those of one ask are as good as those of many.</summary>
    private const int SlidingAnswers = 4;

    /// <summary>So often each instance tells once more of its calls when the rule is found: until it hears, it goes by what was thought before.</summary>
    private const int RecountsEach = 2;

    private readonly Dictionary<string, ChargesTold> _charged = new(StringComparer.Ordinal);
    private readonly List<LeaseNews> _unjudged = [];
    private int _recounts;
    private Instant _forgottenAt = Instant.Distant;
    private SharingWord? _sharing;

    /// <summary>Whether instances are to tell what their calls came to by each rule.</summary>
    private bool WantsCharges => !IsShared && (_recounts > 0 || !_learners.All(learner => learner.IsSettled));

    /// <summary>Whether the limits are those of other budgets too: what is reported of them is of what all take.</summary>
    private bool IsShared => _sharing is { IsShared: true };

    /// <summary>
    /// Charges by a rule that a person named, until what was learned is forgotten. False where nothing here is charged by it.
    /// </summary>
    /// <param name="dimension">Which tokens.</param>
    /// <param name="rule">The rule.</param>
    public bool Pin(Dimension dimension, ChargeRule rule, Instant now)
    {
        Advance(now);

        // What calls came to by each rule is known only while instances are asked to tell it.
        var (isPinned, isCounted) = (false, WantsCharges);
        foreach (var learner in _learners.Where(learner => learner.Dimension == dimension && learner.Pin(rule, _now)))
        {
            isPinned = true;
            if (isCounted)
            {
                Recount(learner);
                _recounts = RecountsEach * _tenures.Count;
            }
        }

        return isPinned;
    }

    /// <summary>Forgets the limits that were reported, how far to stay from them, and how the provider charges; what was taken stays taken.</summary>
    public void Forget(Instant now)
    {
        Advance(now);
        if (IsShared)
        {
            Take(_sharing! with { IsShared = false, At = Instant.Max(_now, _sharing.At + TimeSpan.FromTicks(1)) });
            return;
        }

        Unlearn();
    }

    // While nobody knew that the limit is shared, what others took of it was taken for the provider's doing.
    private void Take(SharingWord? word)
    {
        if (word is null || SharingWord.Newer(_sharing, word) != word)
        {
            return;
        }

        var isNew = word.IsShared != IsShared || !word.Budgets.SequenceEqual(_sharing?.Budgets ?? []);
        _sharing = word;
        _caution.Part = IsShared ? 1.0 / word.Budgets.Count : 1;
        if (isNew)
        {
            Unlearn();
        }

        foreach (var learner in _learners.Where(_ => IsShared))
        {
            word.Charging.Where(state => state.Dimension == learner.Dimension && state.WindowTicks == learner.Limit.Window.Ticks).ToList().ForEach(learner.Restore);
        }

        Reconsider();
    }

    private void Unlearn()
    {
        (_forgottenAt, _recounts) = (_now, 0);
        _caution.Forget();
        _charged.Clear();
        _unjudged.Clear();
        Array.ForEach(_learners, learner => learner.Forget());
        Array.ForEach(_accounts, account => account.Unlearn());
    }

    /// <summary>
    /// Takes in what calls came to by each rule, and what was reported to remain: a report tells something once all instances have told of
    /// their calls until it was made.
    /// </summary>
    private void LearnCharges(LeaseAsk ask)
    {
        if (!WantsCharges)
        {
            _charged.Clear();
            _unjudged.Clear();
            return;
        }

        foreach (var gone in _charged.Keys.Where(instance => instance != ask.Instance && !_tenures.ContainsKey(instance)).ToArray())
        {
            _charged.Remove(gone);
        }

        if (!Fits(ask.Charged))
        {
            return;
        }

        if (_charged.TryGetValue(ask.Instance, out var before) || ask.Holds == 0)
        {
            var told = before ?? new(ask.Instance, _now, [.. ask.Charged.Select(charged => new double[charged.Length])]);
            foreach (var news in ask.News.Where(news => news.Late >= TimeSpan.Zero && Fits(news.Charged) && news.HeardAt > told.At).OrderBy(news => news.HeardAt))
            {
                told = Book(told, news.HeardAt, Instant.Min(_now, news.HeardAt + news.Late), news.Charged);
            }

            Book(told, _now, _now, ask.Charged);
        }

        _charged[ask.Instance] = new(ask.Instance, _now, ask.Charged);
        if (_recounts > 0)
        {
            _recounts--;
            Array.ForEach(_learners, Recount);
        }

        _unjudged.AddRange(ask.News.Where(news => news.Observation.Kind == OutcomeKind.Success && news.HeardAt != Instant.Distant && news.Observation.Readings.Count > 0)
            .Take(MostUnjudged - _unjudged.Count));
        var known = _charged.Values.Min(told => told.At);
        foreach (var news in _unjudged.Where(news => news.HeardAt <= known).ToArray())
        {
            _unjudged.Remove(news);
            foreach (var learner in _learners)
            {
                foreach (var reading in news.Observation.Readings.Where(reading => reading.Concerns(learner.Limit) && reading.Remaining is not null))
                {
                    var report = new ChargeReading(reading.Remaining!.Value, news.SentAt, news.HeardAt);
                    if (learner.Hear(report, reading.Limit ?? learner.Limit.Amount, learner.Limit.PerSecond, _now) && learner.IsDecided)
                    {
                        Recount(learner);
                        _recounts = RecountsEach * _tenures.Count;
                    }
                }
            }
        }
    }

    // Before the rule is found calls are charged the most that they may come to.
    private void Recount(ChargeLearner learner)
    {
        foreach (var (account, line) in Lines().Where(other => learner.IsDecided && other.Account.Limit == learner.Limit))
        {
            account.Recount(learner.Used(learner.Limit.PerSecond, _now), MostLent(line));
        }
    }

    // What is not known yet of how the provider charges is learned from the next reports, as long as calls go out.
    private Instant LearnsAgainAt(Instant askAgain)
    {
        var open = _learners.Where(learner => learner is { Answers: > 0 and < SoonAnswers, IsSettled: false }).ToArray();
        if (open.Length == 0)
        {
            return askAgain;
        }

        var apart = open.Min(learner => !learner.TellsAtOnce ? SlidingAnswers : learner.Answers < FirstAnswers ? 1 : LaterAnswers);
        return Instant.Max(_now + _policy.PauseOf(_tenures.Count), Instant.Min(askAgain, _now + (apart * _policy.FirstRefresh)));
    }

    private bool Fits(IReadOnlyList<double[]> charged) => charged.Count == _learners.Length && _learners.Zip(charged).All(pair => pair.First.Fits(pair.Second));

    private ChargesTold Book(ChargesTold before, Instant at, Instant until, IReadOnlyList<double[]> charged)
    {
        for (var i = 0; i < _learners.Length; i++)
        {
            _learners[i].Add(before.Charged[i], charged[i], before.At, until);
        }

        return new(before.Instance, at, charged);
    }
}
