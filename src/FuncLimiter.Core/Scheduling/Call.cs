using System.Numerics;
using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Scheduling;

/// <summary>Where a call stands with the limiter.</summary>
public enum CallState
{
    /// <summary>Not handed in yet, or given up.</summary>
    Idle,

    /// <summary>In the queue.</summary>
    Waiting,

    /// <summary>Let out; its reservation is held.</summary>
    Admitted,

    /// <summary>Turned away, see <see cref="Call.Refusal"/>.</summary>
    Refused,
}

/// <summary>A call that asks to be let out. May be handed in again once it is settled, refused or cancelled.</summary>
public sealed class Call
{
    private static readonly Dimension[] Dimensions = Enum.GetValues<Dimension>();

    /// <summary>The route asked for.</summary>
    public required string Route { get; init; }

    /// <summary>The tenant.</summary>
    public required string Tenant { get; init; }

    /// <summary>The user, or null.</summary>
    public string? User { get; init; }

    /// <summary>The class.</summary>
    public Priority Priority { get; init; } = Priority.Standard;

    /// <summary>The charge of the tenant and the user; once handed in, no more of a limit than the whole, unless more is certain.</summary>
    public Charge Consumer
    {
        get => consumer;
        init => consumer = consumerForeseen = value;
    }

    /// <summary>The charge at each deployment of the route: targets, fallbacks, smaller models; bounded as <see cref="Consumer"/>.</summary>
    public required Charge[] Provider
    {
        get => provider;
        init => provider = providerForeseen = value;
    }

    /// <summary>
    /// What the call will cost the tenant and the user at the least. Only where this is more than a whole limit is the call refused for
    /// good. Null where <see cref="Consumer"/> is no estimate.
    /// </summary>
    public Charge? ConsumerAtLeast { get; init; }

    /// <summary>The same for each of <see cref="Provider"/>; null where those are no estimates.</summary>
    public Charge[]? ProviderAtLeast { get; init; }

    /// <summary>
    /// What its tokens are made of at each deployment of the route; null where that is not known, and then it is charged as its provider
    /// documents.
    /// </summary>
    public IReadOnlyList<CallSize>? Sizes { get; init; }

    /// <summary>The longest wait the caller will bear; null leaves the class's own bound.</summary>
    public TimeSpan? MaxWait { get; init; }

    /// <summary>How long its caller bears to wait for a refusal, whatever it bears to wait for room: a little later a truer time can be told.</summary>
    public TimeSpan RefusedWithin { get; init; }

    /// <summary>Places of the route that may not serve it; bit i closes place i.</summary>
    public ulong Excluded { get; init; }

    /// <summary>Whether it may be served by the route's smaller models; where not, their places must be excluded.</summary>
    public Diversion Diversion { get; init; }

    /// <summary>
    /// Hashes of the prompt's beginnings, the shortest first, the same for calls that share them; none where it is too short to be cached.
    /// </summary>
    public IReadOnlyList<long> Prefixes { get; init; } = [];

    /// <summary>When a reservation that nobody settles counts as spent; null for never.</summary>
    public TimeSpan? ExpiresAfter { get; init; }

    /// <summary>
    /// What tells this caller from others of its tenant when it comes back after a refusal, the same each time, for example a hash of what
    /// it sends; 0 where nobody knows, then whoever of the tenant comes first is taken for it.
    /// </summary>
    public long Caller { get; init; }

    /// <summary>Whether <see cref="Caller"/> is this call's alone, as an idempotency key is; else others may have the same.</summary>
    public bool IsIdentified { get; init; }

    /// <summary>Whether the caller says that it was refused before; null where it doesn't say.</summary>
    public bool? IsBack { get; init; }

    /// <summary>Anything of the host's.</summary>
    public object? Tag { get; set; }

    /// <summary>Where it stands.</summary>
    public CallState State { get; internal set; }

    /// <summary>The place of the deployment that serves it; -1 before.</summary>
    public int Place { get; internal set; } = -1;

    /// <summary>Why it goes to that place.</summary>
    public RouteChoice Choice { get; internal set; }

    /// <summary>When it was handed in.</summary>
    public Instant SubmittedAt { get; internal set; }

    /// <summary>The latest instant at which it may be let out.</summary>
    public Instant Deadline { get; internal set; }

    /// <summary>Why it was refused.</summary>
    public Refusal? Refusal { get; internal set; }

    /// <summary>What is held for it.</summary>
    public Reservation Reservation { get; } = new();

    internal Lane? Lane { get; set; }

    internal ServiceClock? Clock { get; set; }

    internal UserQueue? Queue { get; set; }

    internal LinkedListNode<Call> Node => node ??= new(this);

    /// <summary>What this stands in the queue for in its caller's stead; null for a call.</summary>
    internal Booking? Booking { get; set; }

    /// <summary>When the turn comes of what stands in the queue for a booking, or of a caller that came back; unknown for others.</summary>
    internal Instant BookedAt { get; set; } = Instant.Unknown;

    /// <summary>When it was told that time.</summary>
    internal Instant BookedSince { get; set; }

    /// <summary>Whether it is likely to be refused, once those are known who come at the same time.</summary>
    internal bool IsUndecided { get; set; }

    internal Tenant? Owner { get; set; }

    internal User? OwnerUser { get; set; }

    /// <summary>What its tenant may take of its route; null for whatever the tenant has.</summary>
    internal Allotment? OwnerRoute { get; set; }

    internal BudgetedDeployment? Deployment { get; set; }

    /// <summary>What it costs of its deployment, in seconds of that one's refill.</summary>
    internal double Cost { get; set; }

    /// <summary>What it takes of its deployment's limits.</summary>
    internal Charge Load { get; private set; }

    /// <summary>What it costs of its tenant's own budget, in seconds of that one's refill.</summary>
    internal double TenantCost { get; set; }

    /// <summary>What it costs of its tenant's budget for its route, in seconds of that one's refill.</summary>
    internal double RouteCost { get; set; }

    /// <summary>What it costs of its user's own budget, in seconds of that one's refill.</summary>
    internal double UserCost { get; set; }

    /// <summary>Tells one handing-in from another, so that a stale deadline finds nobody.</summary>
    internal long Generation { get; private set; }

    /// <summary>Whether a budget is its tenant's or its user's.</summary>
    internal bool IsOwn(Budget budget) => budget == Owner!.Budget || budget == OwnerRoute?.Budget || budget == OwnerUser?.Budget;

    /// <summary>
    /// The budgets with limits that must have room for it wherever it goes: its tenant's, its route's, its user's, and all of its deployment's where
    /// there is only one.
    /// </summary>
    internal IEnumerable<Budget> Budgets
    {
        get
        {
            foreach (var own in new[] { Owner!.Budget, OwnerRoute?.Budget, OwnerUser?.Budget })
            {
                if (own is { Counted.Count: > 0 })
                {
                    yield return own;
                }
            }

            for (var i = 0; Lane!.Places is [var only] && i < only.Scopes.Length; i++)
            {
                if (only.Scopes[i] is { Counted.Count: > 0 } scope)
                {
                    yield return scope;
                }
            }
        }
    }

    /// <summary>What it takes of one of its budgets.</summary>
    internal Charge ChargeTo(Budget budget) => IsOwn(budget) ? Consumer : Load;

    /// <summary>What is certain of the charge of the tenant and the user.</summary>
    internal Charge ConsumerCertain => ConsumerAtLeast ?? consumerForeseen;

    private LinkedListNode<Call>? node;
    private readonly Charge consumerForeseen;
    private readonly Charge[] providerForeseen = [];
    private Charge consumer;
    private Charge[] provider = [];

    /// <summary>What is certain of the charge at a place.</summary>
    internal ref readonly Charge Certain(int place) => ref (ProviderAtLeast ?? providerForeseen)[place];

    /// <summary>What an estimate that stands, as the provider keeps it, comes to: no more than is held.</summary>
    internal Charge BoundedAtProvider(in Charge final) =>
        ProviderAtLeast is null ? final : Bounded(final, providerForeseen[Place], provider[Place]);

    /// <summary>The same for the tenant and the user.</summary>
    internal Charge BoundedAtConsumer(in Charge final) => ConsumerAtLeast is null ? final : Bounded(final, consumerForeseen, consumer);

    /// <summary>Bounds what is to be held by the limits as they are now: a limit that shrank while the call waited shuts it out no more than before.</summary>
    internal void Clip()
    {
        if (ConsumerAtLeast is { } least)
        {
            consumer = Owner!.Budget.Clip(consumer, least);
            consumer = OwnerRoute?.Budget.Clip(consumer, least) ?? consumer;
            consumer = OwnerUser?.Budget.Clip(consumer, least) ?? consumer;
        }

        for (var i = 0; ProviderAtLeast is not null && i < provider.Length; i++)
        {
            if (Lane!.Places[i].Clip(provider[i], ProviderAtLeast[i]) is var held && held != provider[i])
            {
                provider = provider == providerForeseen ? [.. provider] : provider;
                provider[i] = held;
            }
        }
    }

    private static Charge Bounded(Charge final, in Charge foreseen, in Charge held)
    {
        foreach (var dimension in Dimensions)
        {
            if (held[dimension] < foreseen[dimension] && final[dimension] == foreseen[dimension])
            {
                final = final.With(dimension, held[dimension]);
            }
        }

        return final;
    }

    /// <summary>Begins a new handing-in.</summary>
    /// <param name="lane">The lane of its route.</param>
    /// <param name="owner">Its tenant.</param>
    /// <param name="longestWait">The bound of its class.</param>
    /// <param name="handingIn">The number of this handing-in.</param>
    /// <param name="now">Now.</param>
    internal void Prepare(Lane lane, Tenant owner, TimeSpan longestWait, long handingIn, Instant now)
    {
        Lane = lane;
        Owner = owner;
        OwnerRoute = owner.RouteOf(Route);
        OwnerUser = owner.Find(User, now);
        Clock = owner.ClockOf(lane.Pool, Priority);
        State = CallState.Waiting;
        Place = -1;
        Refusal = null;
        IsUndecided = false;
        BookedAt = Instant.Unknown;
        Generation = handingIn;
        SubmittedAt = now;
        Deadline = now + (MaxWait is { } own && own < longestWait ? own : longestWait);
        (consumer, provider) = (consumerForeseen, providerForeseen);
        Clip();
    }

    /// <summary>What stands in the queue for it while its caller is away.</summary>
    internal Call Again() => new()
    {
        Route = Route,
        Tenant = Tenant,
        User = User,
        Priority = Priority,
        Consumer = Consumer,
        Provider = Provider,
        ConsumerAtLeast = ConsumerAtLeast,
        ProviderAtLeast = ProviderAtLeast,
        Sizes = Sizes,
        Excluded = Excluded,
        Diversion = Diversion,
        Caller = Caller,
        Lane = Lane,
        Owner = Owner,
        OwnerRoute = OwnerRoute,
        OwnerUser = OwnerUser,
        Clock = Clock,
        Cost = Cost,
        Load = Load,
        TenantCost = TenantCost,
        RouteCost = RouteCost,
        UserCost = UserCost,
    };

    /// <summary>What it is charged at a place, by what was learned of how the provider there charges.</summary>
    internal Charge ChargeAt(int place) => Lane!.Places[place].ChargeOf(AsCharged(place));

    /// <summary>What the books of the rules need of it at a place.</summary>
    internal ChargedCall AsCharged(int place) => new(in provider[place], Sizes is { } sizes ? sizes[place] : default, Sizes is not null && ExpiresAfter is null);

    /// <summary>What it adds to the work ahead of others when it must wait, foreseen from the first place open to it.</summary>
    internal void Price()
    {
        var first = Math.Min(Provider.Length - 1, BitOperations.TrailingZeroCount(~Excluded));
        Cost = Lane!.Places[first].Cost(Provider[first]);
        Load = ChargeAt(first);
        TenantCost = Owner!.Budget.Cost(Consumer);
        RouteCost = OwnerRoute?.Budget.Cost(Consumer) ?? 0;
        UserCost = OwnerUser?.Cost(Consumer) ?? 0;
    }
}
