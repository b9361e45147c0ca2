using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FuncLimiter.Simulation.Providers;

namespace FuncLimiter.Simulation.Fleets;

/// <summary>
/// The demonstration: one key for one model with 120,000 tokens and 3,000 requests a minute and a burst of six seconds, and a fleet that
/// asks for ten times the tokens. Four tenants of weight 1 and two of weights 2 and 3; every tenant has agents in proportion to its weight:
/// interactive ones that need some 15 % of the tokens, standard ones that need 20 %, and background ones that would take many times
/// everything. So all tenants' background is comparable and backlogged throughout. It only holds the pieces; whoever runs it starts a
/// double from <see cref="Provider"/>, a server on <see cref="Configuration"/> with <see cref="Secrets"/>, and <see cref="ThroughLimiter"/>
/// against it; beside it a second double of the same options and <see cref="WithoutLimiter"/>.
/// </summary>
public sealed record DemoScenario
{
    /// <summary>The model that everybody asks for.</summary>
    public const string Model = "gpt-x";

    /// <summary>The account's id in the configuration.</summary>
    public const string Account = "openai-demo";

    /// <summary>One of each class.</summary>
    public const int LeastAgents = 3;

    /// <summary>How many agents there are where nothing else is said.</summary>
    public const int UsualAgents = InteractiveAgents + StandardAgents + BackgroundAgents;

    private const string ProviderKey = "sk-demo-provider";
    private const string KeyVariable = "FUNCLIMITER_DEMO_KEY";
    private const double InteractiveShare = 0.15;
    private const double StandardShare = 0.2;
    private const int InteractiveAgents = 9;
    private const int StandardAgents = 18;
    private const int BackgroundAgents = 216;
    private static readonly TimeSpan FirstBurst = TimeSpan.FromSeconds(3);
    private static readonly (string Id, int Weight)[] Tenants =
        [("amber", 1), ("birch", 1), ("cedar", 1), ("dune", 1), ("elm", 2), ("fjord", 3)];

    private static readonly LatencyOptions Latency = new(TimeSpan.FromMilliseconds(80), TimeSpan.FromMilliseconds(0.5));

    /// <summary>The provider's tokens per minute.</summary>
    public long TokensPerMinute { get; init; } = 120_000;

    /// <summary>The provider's requests per minute.</summary>
    public long RequestsPerMinute { get; init; } = 3_000;

    /// <summary>The provider's burst in seconds of refill.</summary>
    public double BurstSeconds { get; init; } = 6;

    /// <summary>How many times the provider's tokens the fleet asks for.</summary>
    public double Overload { get; init; } = 10;

    /// <summary>
    /// How many agents there are, <see cref="LeastAgents"/> at least; each asks for as much as one of the usual 243 does, so fewer ask for
    /// less in all. They are dealt to classes and tenants as those are.
    /// </summary>
    public int Agents { get; init; } = UsualAgents;

    /// <summary>How many times the provider's tokens so many agents ask for.</summary>
    public double Demand => Shares().Sum(share => share.Agents * share.Share / share.UsualAgents);

    /// <summary>How long the fleet runs.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Seeds the fleet.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>The double's options; for the baseline start a second one.</summary>
    public ProviderDoubleOptions Provider => new()
    {
        Deployments =
        [
            new DeploymentOptions(ProviderKey, Model)
            {
                Limits = [LimitOptions.Rpm(RequestsPerMinute, BurstSeconds), LimitOptions.Tpm(TokensPerMinute, BurstSeconds)],
                Latency = Latency,
            },
        ],
    };

    /// <summary>What the configuration's <c>${NAME}</c> stand for.</summary>
    public IReadOnlyDictionary<string, string> Secrets { get; } = new Dictionary<string, string> { [KeyVariable] = ProviderKey };

    /// <summary>The text of <c>funclimiter.json</c> for a server in front of a double.</summary>
    /// <param name="provider">The double's address.</param>
    public string Configuration(Uri provider)
    {
        ArgumentNullException.ThrowIfNull(provider);
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            WriteAccount(json, provider);
            json.WriteStartArray("tenants");
            foreach (var (id, weight) in Tenants)
            {
                json.WriteStartObject();
                json.WriteString("id", id);
                json.WriteStartArray("keys");
                json.WriteStringValue("sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(KeyOf(id)))));
                json.WriteEndArray();
                json.WriteNumber("weight", weight);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    /// <summary>The fleet through a limiter: tenants' own keys.</summary>
    /// <param name="server">The server's address.</param>
    public FleetOptions ThroughLimiter(Uri server) => new()
    {
        BaseAddress = server,
        Duration = Duration,
        WarmUp = Duration / 4 < FirstBurst ? Duration / 4 : FirstBurst,
        Seed = Seed,
        Tenants = Fleet(),
    };

    /// <summary>The same fleet without one: the provider's key for all.</summary>
    /// <param name="provider">The double's address.</param>
    public FleetOptions WithoutLimiter(Uri provider) => ThroughLimiter(provider) with { KeyForAll = ProviderKey };

    private static string KeyOf(string tenant) => $"fl-demo-{tenant}";

    private void WriteAccount(Utf8JsonWriter json, Uri provider)
    {
        json.WriteStartArray("accounts");
        json.WriteStartObject();
        json.WriteString("id", Account);
        json.WriteString("provider", "openai");
        json.WriteString("endpoint", provider.GetLeftPart(UriPartial.Authority));
        json.WriteString("apiKey", $"${{{KeyVariable}}}");
        json.WriteStartArray("models");
        json.WriteStartObject();
        json.WriteString("model", Model);
        json.WriteStartObject("limits");
        json.WriteNumber("rpm", RequestsPerMinute);
        json.WriteNumber("tpm", TokensPerMinute);
        json.WriteNumber("burstSeconds", BurstSeconds);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
    }

    /// <summary>Each class: its agents, of how many as usual, and the share of the provider's tokens that those ask for.</summary>
    private IReadOnlyList<(FleetPriority Priority, int Agents, int UsualAgents, double Share)> Shares()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Agents, LeastAgents, nameof(Agents));
        var interactive = Math.Max(1, (int)Math.Round((double)Agents * InteractiveAgents / UsualAgents));
        var standard = Math.Max(1, (int)Math.Round((double)Agents * StandardAgents / UsualAgents));
        return
        [
            (FleetPriority.Interactive, interactive, InteractiveAgents, InteractiveShare),
            (FleetPriority.Standard, standard, StandardAgents, StandardShare),
            (FleetPriority.Background, Agents - interactive - standard, BackgroundAgents, Overload - InteractiveShare - StandardShare),
        ];
    }

    /// <summary>The tenants that have agents, each in proportion to its weight, thinking as long as makes each class ask for its part.</summary>
    private IReadOnlyList<FleetTenant> Fleet()
    {
        var shares = Shares();
        var dealt = shares.Select(share => Deal(share.Agents)).ToList();
        return
        [
            .. Tenants.Select((tenant, place) => new FleetTenant(tenant.Id, tenant.Weight, KeyOf(tenant.Id),
            [
                .. shares.Select((share, of) => new AgentGroup(share.Priority, dealt[of][place], Model)
                {
                    InputCharacters = (40, 120),
                    MaxTokens = (60, 100),
                    ThinkTime = ThinkTime(share.UsualAgents, share.Share),
                }).Where(group => group.Agents > 0),
            ])).Where(tenant => tenant.Groups.Count > 0),
        ];
    }

    /// <summary>So many agents for each tenant, by weight: the next one goes to who is furthest from its share.</summary>
    private static int[] Deal(int agents)
    {
        var dealt = new int[Tenants.Length];
        for (var next = 0; next < agents; next++)
        {
            var to = Enumerable.Range(0, Tenants.Length).MinBy(place => (dealt[place] + 1.0) / Tenants[place].Weight);
            dealt[to]++;
        }

        return dealt;
    }

    /// <summary>The pause at which so many agents, answered at once, ask for a share of the provider's tokens at 80 a call.</summary>
    private TimeSpan ThinkTime(int agents, double share)
    {
        const double tokensPerCall = 80;
        var latency = Latency.Base + (Latency.PerOutputToken * tokensPerCall);
        var pause = TimeSpan.FromSeconds(agents * tokensPerCall / (share * TokensPerMinute / 60)) - latency;
        return pause > TimeSpan.Zero ? pause : throw new InvalidOperationException(
            string.Create(CultureInfo.InvariantCulture, $"{agents} agents can't ask for {share} times {TokensPerMinute} tokens a minute."));
    }
}
