using System.Text.Json.Serialization;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Leasing;

/// <summary>
/// An instance asks for its share of a budget, and tells what it did with the last one. May be lost, repeated or overtaken.
/// </summary>
/// <param name="Instance">The instance; a new name at every start of a process.</param>
/// <param name="Sequence">Rises with every ask of the instance; an ask that is not newer than the last changes nothing.</param>
/// <param name="Holds">The number of the lease that the instance last took up; 0 for none yet.</param>
/// <param name="Demands">What it wants, by tenant and class.</param>
/// <param name="Lines">One report per limit of the budget, in its order.</param>
public sealed record LeaseAsk(
    string Instance, long Sequence, long Holds, IReadOnlyList<LeaseDemand> Demands, IReadOnlyList<LeaseReport> Lines)
{
    /// <summary>How much one ask may tell of what was heard.</summary>
    internal const int MostNews = 8;

    /// <summary>Of how many instants one report may tell what had been used.</summary>
    internal const int MostMarks = 32;

    /// <summary>True where that lease has ended by the instance's own clock: it holds nothing.</summary>
    public bool Lapsed { get; init; }

    /// <summary>True where the instance gives everything back, and wants nothing for now.</summary>
    public bool Leaving { get; init; }

    /// <summary>What responses said since the last answer; told again until an answer comes.</summary>
    public IReadOnlyList<LeaseNews> News { get; init; } = [];

    /// <summary>
    /// What its calls came to since it began, by every rule by which the provider may charge, for each limit of tokens; empty where nothing is
    /// left to learn.
    /// </summary>
    public IReadOnlyList<double[]> Charged { get; init; } = [];

    /// <summary>
    /// For how long the instance closed the scope; zero where a person opened it; null where it has nothing to say of that.
    /// </summary>
    public TimeSpan? ClosedFor { get; init; }

    /// <summary>What the instance knows of a limit that the budget shares with others, where that is newer than what the owner said; null for nothing.</summary>
    public SharingWord? Sharing { get; init; }

    /// <summary>Refuses what no instance of ours would ask.</summary>
    /// <exception cref="ArgumentException">It is malformed.</exception>
    internal void Check(int lines, int maxDemands)
    {
        if (Instance.Length == 0 || Lines.Count != lines || !Lines.All(IsSane))
        {
            throw new ArgumentException($"The ask must name its instance and report on {lines} limits, in finite numbers.");
        }

        if (News.Count > MostNews)
        {
            throw new ArgumentException($"An ask tells at most {MostNews} things that were heard.");
        }

        if (Sharing is { } word && (word.Budgets.Count is < 2 or > SharingWord.MostBudgets || !word.Charging.All(state => double.IsFinite(state.Factor) && double.IsFinite(state.Offset))))
        {
            throw new ArgumentException($"A limit is shared by 2 to {SharingWord.MostBudgets} budgets, and charged in finite numbers.");
        }

        if (Demands.Count > maxDemands || !Demands.All(IsSane))
        {
            throw new ArgumentException($"An ask states at most {maxDemands} demands, none negative, with weights above 0.");
        }
    }

    private static bool IsSane(LeaseReport line) =>
        double.IsFinite(line.UsedTotal) && double.IsFinite(line.ReturnedTotal) && double.IsFinite(line.Level)
        && line.Need >= 0 && double.IsFinite(line.Need)
        && line.Refunds.All(refund => refund.Amount >= 0 && double.IsFinite(refund.Amount))
        && line.Marks.Count <= MostMarks && line.Marks.All(mark => mark.Ago >= TimeSpan.Zero && double.IsFinite(mark.UsedTotal));

    private static bool IsSane(LeaseDemand demand) => demand.PerSecond.IsValid && demand.Weight > 0 && double.IsFinite(demand.Weight);
}

/// <summary>What a response said of a budget.</summary>
/// <param name="Observation">What it said.</param>
/// <param name="SentAt">When its request left, not later than by the book's clock.</param>
public sealed record LeaseNews(Observation Observation, Instant SentAt)
{
    /// <summary>When its answer came, not later than by the book's clock; <see cref="Instant.Distant"/> where that was not told.</summary>
    public Instant HeardAt { get; init; }

    /// <summary>How much later than told all this may have been by the book's clock.</summary>
    public TimeSpan Late { get; init; }

    /// <summary>What <see cref="LeaseAsk.Charged"/> would have been when its answer came; empty where nothing is left to learn.</summary>
    public IReadOnlyList<double[]> Charged { get; init; } = [];
}

/// <summary>What one tenant wants at one instance in one class.</summary>
/// <param name="Tenant">The tenant.</param>
/// <param name="Weight">Its weight against other tenants; above 0.</param>
/// <param name="Priority">The class.</param>
/// <param name="PerSecond">What it would use per second if it were let: arrivals, and what waits spread over the time it may wait.</param>
public sealed record LeaseDemand(string Tenant, double Weight, Priority Priority, LeaseRates PerSecond);

/// <summary>What an instance did on one limit.</summary>
/// <param name="UsedTotal">Units taken by calls since the instance began; 0 for calls under way at once.</param>
/// <param name="ReturnedTotal">Units given back unused since the instance began.</param>
/// <param name="Level">Units it could use now; for calls under way at once, those that are under way included.</param>
/// <param name="Need">The largest single charge that waits or is to be expected; a lease smaller than that lets nothing out.</param>
/// <param name="Refunds">Parts of earlier charges that were not used after all, told once.</param>
public sealed record LeaseReport(double UsedTotal, double ReturnedTotal, double Level, double Need, IReadOnlyList<LeaseRefund> Refunds)
{
    /// <summary>
    /// For sliding windows: what <see cref="UsedTotal"/> was before, in the order of time, since the answer before last. So an owner knows when what it is
    /// told now was used, and a lost ask costs nothing; what no mark tells of counts from now on.
    /// </summary>
    public IReadOnlyList<LeaseMark> Marks { get; init; } = [];
}

/// <summary>What had been used at an instant.</summary>
/// <param name="Ago">How long before the ask, by the instance's clock.</param>
/// <param name="UsedTotal">What had been used then, in units.</param>
public readonly record struct LeaseMark(TimeSpan Ago, double UsedTotal);

/// <summary>A part of a charge that was not used after all.</summary>
/// <param name="TakenAt">When the charge was taken, not later than by the book's clock.</param>
/// <param name="Amount">How much of it.</param>
public readonly record struct LeaseRefund(Instant TakenAt, double Amount);

/// <summary>A slice of a budget, lent to one instance: the answer to one ask, and void for any other.</summary>
/// <param name="Instance">The instance.</param>
/// <param name="Answers">The ask that it answers.</param>
/// <param name="Number">Its own number, by which the next ask names it.</param>
/// <param name="Continues">The lease that it goes on from; 0 where what the instance had is void.</param>
/// <param name="IssuedAt">When it was given.</param>
/// <param name="NotBefore">Nothing may be used earlier: the scope is closed until then. All times are the book's.</param>
/// <param name="ExpiresAt">From here on it is void, and so is all that was not used.</param>
/// <param name="AskAgainAt">When to ask again.</param>
/// <param name="Lines">One line per limit of the budget, in its order.</param>
/// <param name="Shares">How much of each demand the division had in mind, in the order of the ask.</param>
public sealed record Lease(
    string Instance,
    long Answers,
    long Number,
    long Continues,
    Instant IssuedAt,
    Instant NotBefore,
    Instant ExpiresAt,
    Instant AskAgainAt,
    IReadOnlyList<LeaseLine> Lines,
    IReadOnlyList<LeaseShare> Shares)
{
    /// <summary>The share in use of each limit, all instances together, 0 to 1.</summary>
    public IReadOnlyList<double> Use { get; init; } = [];

    /// <summary>
    /// The part of each whole limit that the instance can count on by the division, above 0, at most 1, however much of it is used at this moment;
    /// empty where an earlier owner did not tell.
    /// </summary>
    public IReadOnlyList<double> LimitParts { get; init; } = [];

    /// <summary>Whether asks are to tell what calls came to by each rule; null where the instance judges by <see cref="Charging"/>.</summary>
    public bool? WantsCharges { get; init; }

    /// <summary>How the provider charges each limit of tokens, as far as the owner has learned.</summary>
    public IReadOnlyList<ChargeState> Charging { get; init; } = [];

    /// <summary>How far the owner stays from the limits, as answers taught; null where none have.</summary>
    public CautionReport? Learned { get; init; }

    /// <summary>When a person last had the owner forget what it had learned; <see cref="Instant.Distant"/> for never.</summary>
    public Instant ForgottenAt { get; init; }

    /// <summary>How soon after the ask another may follow where something presses; null where the policy alone says.</summary>
    public TimeSpan? Pause { get; init; }

    /// <summary>Whether no other instance holds a lease of the budget.</summary>
    public bool IsAlone { get; init; }

    /// <summary>What the owner knows of a limit that the budget shares with others; null for nothing.</summary>
    public SharingWord? Sharing { get; init; }
}

/// <summary>
/// Budgets of several owners share a limit that no person wrote, or don't: what an instance found in answers, or a person said. Of two words the
/// newer counts, wherever they meet.
/// </summary>
/// <param name="Budgets">The names of the budgets, 2 to 8.</param>
/// <param name="At">When it was found; later than every word that it was found after.</param>
/// <param name="Answers">How many answers told.</param>
/// <param name="IsShared">Whether they share it: then each owner lends an equal part.</param>
public sealed record SharingWord(IReadOnlyList<string> Budgets, Instant At, long Answers, bool IsShared)
{
    internal const int MostBudgets = 8;

    /// <summary>How the provider charges the shared limit.</summary>
    public IReadOnlyList<ChargeState> Charging { get; init; } = [];

    internal static SharingWord? Newer(SharingWord? one, SharingWord? other) => one is null || other?.At > one.At ? other : one;
}

/// <summary>What is lent of one limit.</summary>
/// <param name="Grant">Units added to what the instance has.</param>
/// <param name="Rate">
/// Units that come back at the instance per second from now on; 0 for windows, whose units don't come back there.
/// </param>
/// <param name="Capacity">
/// The most that the instance may have at once from now on; what it has beyond that it gives back with its next ask.
/// </param>
public sealed record LeaseLine(double Grant, double Rate, double Capacity);

/// <summary>The part of a demand that can be served, as a guide for the instance's own order of calls.</summary>
/// <param name="Tenant">The tenant.</param>
/// <param name="Priority">The class.</param>
/// <param name="Part">0 to 1, on the limit that binds it.</param>
public sealed record LeaseShare(string Tenant, Priority Priority, double Part);

/// <summary>What an instance has to say to the owner of a scope's budgets, in one message.</summary>
/// <param name="Scope">The scope, as <c>account:openai-east</c> or <c>tenants:0</c>.</param>
/// <param name="Budgets">Its asks.</param>
public sealed record ScopeAsk(string Scope, IReadOnlyList<BudgetAsk> Budgets);

/// <summary>An ask for one budget.</summary>
/// <param name="Budget">The budget's name.</param>
/// <param name="Ask">The ask.</param>
public sealed record BudgetAsk(string Budget, LeaseAsk Ask);

/// <summary>An owner's answer to an instance.</summary>
/// <param name="Scope">The scope.</param>
/// <param name="Budgets">One lease for each budget that was asked for and that the owner has.</param>
public sealed record ScopeAnswer(string Scope, IReadOnlyList<BudgetLease> Budgets);

/// <summary>An owner's answer for one budget.</summary>
/// <param name="Budget">The budget's name.</param>
/// <param name="Lease">The lease.</param>
public sealed record BudgetLease(string Budget, Lease Lease);

/// <summary>Under which name and by which policy a limiter leases its budgets, instead of owning them.</summary>
/// <param name="Instance">Its name, a new one at every start of a process.</param>
/// <param name="Policy">The books' policy.</param>
public sealed record LeaseTerms(string Instance, LeasePolicy Policy);

/// <summary>Units per second by dimension; for calls under way at once, how many.</summary>
/// <param name="Requests">Calls per second.</param>
/// <param name="Tokens">Tokens per second.</param>
/// <param name="InputTokens">Input tokens per second.</param>
/// <param name="OutputTokens">Output tokens per second.</param>
/// <param name="Concurrent">Calls under way at once.</param>
/// <param name="Cost">Billionths of a US dollar per second.</param>
public readonly record struct LeaseRates(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] double Requests,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] double Tokens = 0,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] double InputTokens = 0,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] double OutputTokens = 0,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] double Concurrent = 0,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] double Cost = 0)
{
    /// <summary>The rate of one dimension.</summary>
    public double this[Dimension dimension] => dimension switch
    {
        Dimension.Requests => Requests,
        Dimension.Tokens => Tokens,
        Dimension.InputTokens => InputTokens,
        Dimension.OutputTokens => OutputTokens,
        Dimension.Concurrent => Concurrent,
        _ => Cost,
    };

    /// <summary>Whether every rate is a number of at least zero.</summary>
    internal bool IsValid =>
        Valid(Requests) && Valid(Tokens) && Valid(InputTokens) && Valid(OutputTokens) && Valid(Concurrent)
        && Valid(Cost);

    private static bool Valid(double rate) => rate >= 0 && double.IsFinite(rate);
}
