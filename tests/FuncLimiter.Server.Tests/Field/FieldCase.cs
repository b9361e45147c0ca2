using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace FuncLimiter.Server.Tests.Field;

/// <summary>
/// The setting of one case: an account A with one model, a tenant whose key may use this case's accounts only, and where it is asked for a
/// second account B of the same provider. Each case of a server has accounts, a tenant and a model of its own.
/// </summary>
/// <param name="name">The case's name: lower-case letters, digits and dashes.</param>
/// <param name="provider">The provider's name in the configuration.</param>
internal sealed class FieldCase(string name, string provider)
{
    private static readonly string[] Media = ["anthropic", "bedrock", "vertex"];

    /// <summary>The case's name.</summary>
    public string Name => name;

    /// <summary>The tenant's name.</summary>
    public string Tenant => $"t-{name}";

    /// <summary>The tenant's key.</summary>
    public string Key => $"fl-{name}";

    /// <summary>What callers ask for.</summary>
    public string Model { get; init; } = $"m-{name}";

    /// <summary>The deployment's limits; far away where null.</summary>
    public object? Limits { get; init; }

    /// <summary>The tenant's limits; none where null.</summary>
    public object? TenantLimits { get; init; }

    /// <summary>Whether account B is the route's fallback.</summary>
    public bool FallsBack { get; init; }

    /// <summary>Whether both accounts are the route's targets.</summary>
    public bool IsPool { get; init; }

    /// <summary>What follows the base address in the accounts' endpoint.</summary>
    public string EndpointPath { get; init; } = "";

    /// <summary>The account that every case has.</summary>
    public FieldAccount A { get; } = new($"{name}-a", 'A');

    /// <summary>The second account, known to the server where the case falls back or is a pool.</summary>
    public FieldAccount B { get; } = new($"{name}-b", 'B');

    /// <summary>The accounts of the case.</summary>
    public IReadOnlyList<FieldAccount> Accounts => FallsBack || IsPool ? [A, B] : [A];

    /// <summary>The name of the deployment at account A.</summary>
    public string Deployment => $"{A.Id}/{Model}";

    /// <summary>Writes the case into a configuration.</summary>
    public void Configure(JsonObject configuration, string address)
    {
        foreach (var account in Accounts)
        {
            Add(configuration, "accounts", new
            {
                id = account.Id,
                provider,
                endpoint = address + EndpointPath,
                apiKey = $"${{{Variable(account)}}}",
                models = new[] { new { model = Model, limits = Limits ?? FarAway() } },
            });
        }

        if (Accounts.Count > 1)
        {
            var names = Accounts.Select(account => $"{account.Id}/{Model}").ToArray();
            Add(configuration, "routes", IsPool ? new { model = Model, targets = names } : new { model = Model, targets = names[..1], fallback = names[1..] });
        }

        var tenant = new JsonObject
        {
            ["id"] = Tenant,
            ["keys"] = new JsonArray($"sha256:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Key)))}"),
            ["allow"] = new JsonObject { ["accounts"] = new JsonArray([.. Accounts.Select(account => (JsonNode)account.Id)]) },
        };
        if (TenantLimits is not null)
        {
            tenant["limits"] = Node(TenantLimits);
        }

        configuration["tenants"]!.AsArray().Add((JsonNode)tenant);
    }

    /// <summary>The environment variable that holds an account's key.</summary>
    public static string Variable(FieldAccount account) => $"KEY_{account.Id.ToUpperInvariant().Replace('-', '_')}";

    private object FarAway() => Media.Contains(provider)
        ? new { rpm = 5_000, itpm = 5_000_000, otpm = 5_000_000 }
        : new { rpm = 5_000, tpm = 5_000_000 };

    private static void Add(JsonObject configuration, string list, object value) => configuration[list]!.AsArray().Add(Node(value));

    private static JsonNode? Node(object value) => System.Text.Json.JsonSerializer.SerializeToNode(value, value.GetType());
}
