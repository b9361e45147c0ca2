using System.Globalization;
using System.Text.Json;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Providers.Responses;

namespace FuncLimiter.Providers.Limits;

/// <summary>
/// Azure's management API, with a token of Entra ID: the deployments of a resource with their <c>rateLimits</c>, <c>request</c> mostly by ten
/// seconds and <c>token</c> by the minute, paged by <c>nextLink</c> (learn.microsoft.com, Cognitive Services, Deployments - List); and, where a
/// location is named, the quotas of the subscription in it from which deployments were given these (Usages - List). A quota says how much may
/// be given out, not how much may be called ("Manage Azure OpenAI quota"), so it is shown and holds nothing back.
/// </summary>
/// <param name="resource">The resource's id, <c>/subscriptions/…/providers/Microsoft.CognitiveServices/accounts/NAME</c>.</param>
/// <param name="location">The location whose quotas are read, as <c>eastus</c>; null for none.</param>
public sealed class AzureLimits(string resource, string? location = null) : LimitSource
{
    private const int MostPeriod = 24 * 3600;

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    /// <inheritdoc/>
    public override string Name => "Azure deployments";

    /// <inheritdoc/>
    public override Uri Address { get; } = new("https://management.azure.com");

    /// <inheritdoc/>
    public override UpstreamCredential Credential => new EntraAccess("https://management.azure.com/.default");

    /// <inheritdoc/>
    public override IReadOnlyList<KeyValuePair<string, string>> Headers(string key) => [];

    /// <inheritdoc/>
    public override IReadOnlyList<string> Questions => [$"{resource.TrimEnd('/')}/deployments?{Version}", .. location is null ? [] : (IEnumerable<string>)[Usages]];

    /// <summary>The quotas: who may read a resource may not always read its subscription.</summary>
    public override bool IsBeside(string question) => question == Usages;

    /// <inheritdoc/>
    public override LimitPage? Read(JsonElement body, string question)
    {
        var value = Json.At(body, "value");
        return value.ValueKind != JsonValueKind.Array ? null
            : question == Usages ? new([], [], Next(body)) { Quotas = [.. value.EnumerateArray().Select(QuotaOf).OfType<ReadQuota>()] }
            : ReadDeployments(value, Next(body));
    }

    private string Usages => $"{string.Join('/', resource.Split('/').Take(3))}/providers/Microsoft.CognitiveServices/locations/{Uri.EscapeDataString(location ?? string.Empty)}/usages?{Version}";

    private static LimitPage ReadDeployments(JsonElement value, string? next)
    {
        var takers = new List<(string, string, long)>();
        var limits = new List<ReadLimit>();
        var unknown = new List<string>();
        foreach (var deployment in value.EnumerateArray())
        {
            var told = Json.At(deployment, "properties", "rateLimits");
            if (Json.Text(Json.At(deployment, "name")) is not { Length: > 0 } name)
            {
                continue;
            }

            // As usages are named: OpenAI.Standard.gpt-4o.
            if (Json.Text(Json.At(deployment, "sku", "name")) is { } sku && Json.CountAt(Json.At(deployment, "sku"), "capacity") is { } units
                && Json.Text(Json.At(deployment, "properties", "model", "name")) is { } model && Json.Text(Json.At(deployment, "properties", "model", "format")) is { } format)
            {
                takers.Add((name, $"{format}.{sku}.{model}", units));
            }

            if (told.ValueKind != JsonValueKind.Array)
            {
                continue;
            }

            foreach (var limit in told.EnumerateArray())
            {
                var key = Json.Text(Json.At(limit, "key"));
                var dimension = key switch { "request" => Dimension.Requests, "token" => Dimension.Tokens, _ => (Dimension?)null };
                if (dimension is { } counted && Json.NumberAt(limit, "renewalPeriod") is > 0 and <= MostPeriod and var period
                    && Json.NumberAt(limit, "count") is (-1 or (>= 0 and <= LimitMost)) and var count)
                {
                    limits.Add(new(name, counted, Minute, count < 0 ? null : (long)Math.Round(count * Minute.TotalSeconds / period)));
                }
                else if (key is not null)
                {
                    unknown.Add(string.Create(CultureInfo.InvariantCulture, $"{key} in {Json.NumberAt(limit, "renewalPeriod") ?? 0} s"));
                }
            }
        }

        return new(limits, unknown, next) { Takers = takers };
    }

    private static ReadQuota? QuotaOf(JsonElement usage) =>
        Json.Text(Json.At(usage, "name", "value")) is { Length: > 0 } name && Json.NumberAt(usage, "limit") is >= 0 and <= LimitMost and var limit
            ? new(name, Json.NumberAt(usage, "currentValue") is >= 0 and <= LimitMost and var given ? (long)given : 0, (long)limit, [])
            : null;

    private static string? Next(JsonElement body) =>
        Json.Text(Json.At(body, "nextLink")) is { Length: > 0 } next && Uri.TryCreate(next, UriKind.Absolute, out var link) ? link.PathAndQuery : null;

    private const string Version = "api-version=2024-10-01";
    private const double LimitMost = Limit.Unbounded;
}
