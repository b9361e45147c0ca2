namespace FuncLimiter.Core.Budgets;

/// <summary>
/// What was taken of one limit and when, by each of the rules that its provider may charge by. A call is in it with what is certain; what
/// only its provider knows while it is under way stands beside the rules.
/// </summary>
internal sealed class ChargeBook
{
    private const int Room = 256;

    /// <summary>Calls that leave so close to each other are one entry: less than reports tell apart.</summary>
    private static readonly TimeSpan Finest = TimeSpan.FromMilliseconds(1);

    private readonly Limit limit;
    private readonly ChargeRule[] rules;
    private readonly bool isShared;
    private (Instant From, Instant To)[] spans = [];
    private double[] amounts = [];
    private double[]? totals;
    private double[]? sums;
    private double[]? earlier;
    private Instant earlierAt;
    private int count;

    /// <param name="limit">The limit.</param>
    /// <param name="rules">The rules.</param>
    /// <param name="isShared">Whether the books of several instances come together here, each told a while later.</param>
    public ChargeBook(Limit limit, ChargeRule[] rules, bool isShared) => (this.limit, this.rules, this.isShared) = (limit, rules, isShared);

    /// <summary>What each rule says since the start, where only that is kept; else null.</summary>
    public IReadOnlyList<double>? Totals => totals;

    /// <summary>The column of the number of calls.</summary>
    public int Calls => rules.Length;

    // Beside the rules: the calls, and of those under way what their output and their prompts may come to.
    private int Columns => rules.Length + 3;

    private int UnknownOutput => rules.Length + 1;

    private int UnknownPrompt => rules.Length + 2;

    /// <summary>From now on only the totals are kept: the owner of the budget learns.</summary>
    public void KeepTotals() => totals = new double[Columns];

    /// <summary>Whether totals can be those of a book of these rules.</summary>
    public bool Fits(IReadOnlyList<double> told) => told.Count == Columns && told.All(double.IsFinite);

    /// <summary>Forgets everything.</summary>
    public void Clear() => (count, earlier) = (0, null);

    /// <summary>A call leaves.</summary>
    /// <param name="documented">What it is charged by the documented rule.</param>
    /// <param name="size">What its tokens are made of.</param>
    public void Begin(double documented, in CallSize size, Instant now)
    {
        var place = totals is null ? Open(now) * Columns : 0;
        var entry = (totals ?? amounts).AsSpan(place, Columns);
        ChargeRules.Certain(documented, size, out var certain);
        for (var i = 0; i < rules.Length; i++)
        {
            entry[i] += certain[(int)rules[i]];
        }

        entry[Calls]++;
        entry[UnknownOutput] += size.MaxOutput;
        entry[UnknownPrompt] += size.Prompt;
    }

    /// <summary>A call is over: what it came to under each rule replaces what was foreseen. A refused call came to nothing.</summary>
    /// <param name="begun">What it was charged by the documented rule when it left.</param>
    /// <param name="ended">What it came to by the documented rule.</param>
    /// <param name="size">What its tokens were made of when it left.</param>
    /// <param name="usage">What it used; null where that is not known.</param>
    /// <param name="takenAt">When it was let out.</param>
    public void End(double begun, double ended, in CallSize size, in TokenUsage? usage, Instant takenAt, Instant now)
    {
        if (totals is null)
        {
            Allocate();
        }

        var isVoid = ended <= 0 && begun > 0;
        ChargeRules.Certain(begun, size, out var certain);
        ChargeRules.AtEnd(ended, size, usage, out var final);
        var then = totals is null ? Find(takenAt) : 0;
        var books = totals ?? amounts;
        for (var i = 0; i < rules.Length; i++)
        {
            var change = (isVoid ? 0 : final[(int)rules[i]]) - certain[(int)rules[i]];
            if (change == 0)
            {
                continue;
            }

            var place = rules[i].IsSettledAtEnd() && !isVoid && totals is null ? Open(now) : then;
            if (place >= 0)
            {
                books[(place * Columns) + i] += change;
            }
        }

        if (then >= 0)
        {
            var entry = books.AsSpan(then * Columns, Columns);
            entry[Calls] -= isVoid ? 1 : 0;
            entry[UnknownOutput] -= size.MaxOutput;
            entry[UnknownPrompt] -= size.Prompt;
        }
    }

    /// <summary>Takes in what an instance's books say more than when it told last.</summary>
    /// <param name="before">What they said then.</param>
    /// <param name="after">What they say now.</param>
    /// <param name="from">When it told last.</param>
    /// <param name="to">Until when that was at the latest.</param>
    public void Add(IReadOnlyList<double> before, IReadOnlyList<double> after, Instant from, Instant to)
    {
        Allocate();
        if (count == Room)
        {
            Compact(to);
        }

        // Spans stand in the order of their ends; each instance tells of several at once.
        var place = count;
        for (; place > 0 && spans[place - 1].To > to; place--)
        {
            spans[place] = spans[place - 1];
        }

        Array.Copy(amounts, place * Columns, amounts, (place + 1) * Columns, (count - place) * Columns);
        spans[place] = (from, to);
        for (var i = 0; i < Columns; i++)
        {
            amounts[(place * Columns) + i] = after[i] - before[i];
        }

        count++;
    }

    /// <summary>What a call comes to on average, by rule.</summary>
    public double[] Usual()
    {
        var usual = new double[rules.Length];
        for (var i = 0; i < usual.Length && count > 0; i++)
        {
            var calls = 0.0;
            for (var entry = 0; entry < count; entry++)
            {
                usual[i] += Math.Max(0, amounts[(entry * Columns) + i]);
                calls += Math.Max(0, amounts[(entry * Columns) + Calls]);
            }

            usual[i] /= Math.Max(1, calls);
        }

        return usual;
    }

    /// <summary>Sums up to each entry, so that <see cref="Booked"/> finds what was booked up to an instant by halving.</summary>
    public void Sum()
    {
        sums ??= new double[(Room + 1) * Columns];
        for (var i = 0; i < count; i++)
        {
            var (from, to) = (i * Columns, (i + 1) * Columns);
            for (var column = 0; column < Columns; column++)
            {
                sums[to + column] = sums[from + column] + amounts[from + column];
            }
        }
    }

    /// <summary>What was booked up to an instant: with all that may have been by then, or without what may not.</summary>
    public double Booked(int column, Instant until, bool isAll)
    {
        if (sums is null)
        {
            return 0;
        }

        // Several instances write a shared book, so its spans overlap and are not in order.
        if (isShared && isAll)
        {
            var sum = 0.0;
            for (var i = 0; i < count; i++)
            {
                sum += spans[i].From <= until ? amounts[(i * Columns) + column] : 0;
            }

            return sum;
        }

        int low = 0, high = count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = (isAll ? spans[middle].From : spans[middle].To) <= until ? (middle + 1, high) : (low, middle);
        }

        return sums[(low * Columns) + column];
    }

    /// <summary>What the calls under way by an instant may come to beyond what a rule is certain of.</summary>
    public double Unknown(int rule, Instant until) =>
        (rules[rule].ForeseesOutput() ? Booked(UnknownOutput, until, isAll: true) : 0)
        + (rules[rule].LeavesOutCached() ? Booked(UnknownPrompt, until, isAll: true) : 0);

    /// <summary>What the calls of late come to by a rule, as far as it has not come back.</summary>
    /// <param name="rule">Which of the rules.</param>
    /// <param name="factor">What is charged for each token that it counts.</param>
    /// <param name="offset">What is charged for each call on top.</param>
    /// <param name="perSecond">What comes back, in tokens a second.</param>
    public double Used(int rule, double factor, double offset, double perSecond, Instant now)
    {
        var (used, at) = (earlier is null ? 0 : factor * earlier[rule], earlierAt);
        for (var place = 0; place < count; place++)
        {
            var (amount, to) = ((factor * AmountAt(place * Columns, rule)) + (offset * amounts[(place * Columns) + Calls]), spans[place].To);
            if (limit.Algorithm == LimitAlgorithm.Bucket)
            {
                used = Math.Max(0, used - (perSecond * (to - at).TotalSeconds)) + amount;
                at = to;
            }
            else if (to + limit.Window > now)
            {
                used += amount;
            }
        }

        return limit.Algorithm == LimitAlgorithm.Bucket ? Math.Max(0, used - (perSecond * Math.Max(0, (now - at).TotalSeconds))) : used;
    }

    /// <summary>Everything, to go on from later.</summary>
    public IReadOnlyList<ChargeBookEntry> Save() =>
        [.. Enumerable.Range(0, count).Select(i => new ChargeBookEntry(spans[i].From, spans[i].To, amounts[(i * Columns)..((i + 1) * Columns)]))];

    /// <summary>Goes on from what was saved.</summary>
    public void Restore(IReadOnlyList<ChargeBookEntry> entries)
    {
        Allocate();
        count = 0;
        foreach (var entry in entries.Where(entry => entry.Amounts.Length == Columns).Take(Room))
        {
            spans[count] = (entry.From, entry.To);
            entry.Amounts.CopyTo(amounts, count * Columns);
            count++;
        }
    }

    private double AmountAt(int entry, int rule) => amounts[entry + rule]
        + (rules[rule].ForeseesOutput() ? amounts[entry + UnknownOutput] : 0)
        + (rules[rule].LeavesOutCached() ? amounts[entry + UnknownPrompt] : 0);

    // Most books stay empty: memory is taken with the first charge.
    private void Allocate()
    {
        if (amounts.Length == 0)
        {
            (spans, amounts) = (new (Instant, Instant)[Room], new double[Room * Columns]);
        }
    }

    // The entry of this instant. When the book is full, older entries are joined.
    private int Open(Instant now)
    {
        Allocate();
        if (count > 0 && (spans[count - 1].To >= now || now - spans[count - 1].From <= Finest))
        {
            spans[count - 1].To = Instant.Max(spans[count - 1].To, now);
            return count - 1;
        }

        if (count == Room)
        {
            Compact(now);
        }

        spans[count] = (now, now);
        Array.Clear(amounts, count * Columns, Columns);
        return count++;
    }

    private void Compact(Instant now)
    {
        var gone = 0;
        while (gone < count - 1 && spans[gone].To + (limit.Window * 2) < now)
        {
            gone++;
        }

        // A bucket that is drawn on without end is as empty as what went before left it.
        earlier ??= limit.Algorithm == LimitAlgorithm.Bucket ? new double[rules.Length] : null;
        for (var place = 0; place < gone && earlier is not null; place++)
        {
            var refilled = limit.PerSecond * (spans[place].To - earlierAt).TotalSeconds;
            for (var rule = 0; rule < rules.Length; rule++)
            {
                earlier[rule] = Math.Max(0, earlier[rule] - refilled) + AmountAt(place * Columns, rule);
            }

            earlierAt = spans[place].To;
        }

        (count, var from) = (count - gone, gone * Columns);
        Array.Copy(spans, gone, spans, 0, count);
        Array.Copy(amounts, from, amounts, 0, count * Columns);
        for (var longest = (spans[count - 1].To - spans[0].From) / Room; count > Room * 3 / 4; longest *= 2)
        {
            Join(longest);
        }
    }

    // Joins neighbours that together span no more than a length; the newest quarter stays as it is.
    private void Join(TimeSpan longest)
    {
        var kept = 0;
        for (var place = 1; place < count; place++)
        {
            if (place < count - (Room / 4) && spans[place].To - spans[kept].From <= longest)
            {
                spans[kept] = (Instant.Min(spans[kept].From, spans[place].From), spans[place].To);
                for (var column = 0; column < Columns; column++)
                {
                    amounts[(kept * Columns) + column] += amounts[(place * Columns) + column];
                }

                continue;
            }

            kept++;
            spans[kept] = spans[place];
            Array.Copy(amounts, place * Columns, amounts, kept * Columns, Columns);
        }

        count = kept + 1;
    }

    private int Find(Instant at)
    {
        int low = 0, high = count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = spans[middle].To < at ? (middle + 1, high) : (low, middle);
        }

        return low < count && spans[low].From <= at ? low : -1;
    }
}

/// <summary>A call as its books need it.</summary>
/// <param name="documented">Its charge when it leaves, by the documented rule.</param>
/// <param name="size">What its tokens are made of.</param>
/// <param name="isTrusted">False where its size is a tenant's word, or not known: then nothing is learned beside it.</param>
internal readonly ref struct ChargedCall(ref readonly Charge documented, CallSize size, bool isTrusted)
{
    // A reference: this is made anew at each step of every call.
    private readonly ref readonly Charge documented = ref documented;

    /// <summary>Its charge when it leaves, by the documented rule.</summary>
    public ref readonly Charge Documented => ref documented;

    /// <summary>What its tokens are made of.</summary>
    public readonly CallSize Size = size;

    /// <summary>False where its size is a tenant's word, or not known: then nothing is learned beside it.</summary>
    public bool IsTrusted { get; } = isTrusted;
}

/// <summary>A call that left.</summary>
/// <param name="takenAt">When it was let out: it may have left later.</param>
internal readonly ref struct SentCall(ChargedCall call, Instant takenAt)
{
    /// <summary>The call.</summary>
    public readonly ChargedCall Call = call;

    /// <summary>When it was let out: it may have left later.</summary>
    public Instant TakenAt { get; } = takenAt;
}
