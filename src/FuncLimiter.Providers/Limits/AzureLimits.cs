using System.Globalization;
using System.Text.Json;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Providers.Responses;

namespace FuncLimiter.Providers.Limits;

/// <summary>
/// Azure's management API, with a token of Entra ID: the deployments of a resource with their <c>rateLimits</c>, <c>request</c> mostly by ten
/// seconds and <c>token</c> by the minute, paged by <c>nextLink</c> (learn.microsoft.com, Cognitive Services, Deployments - List).
/// </summary>
/// <param name="resource">The resource's id, <c>/subscriptions/…/providers/Microsoft.CognitiveServices/accounts/NAME</c>.</param>
public sealed class AzureLimits(string resource) : LimitSource
{
    private const int MostPeriod = 24 * 3600;

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    /// <inheritdoc/>
    public override string Name => "Azure deployments";

    /// <inheritdoc/>
    public override Uri Address { get; } = new("https://management.azure.com");

    /// <inheritdoc/>
    public override string TokenScope => "https://management.azure.com/.default";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Questions => [$"{resource.TrimEnd('/')}/deployments?api-version=2024-10-01"];

    /// <inheritdoc/>
    public override LimitPage? Read(JsonElement body, string question)
    {
        var value = Json.At(body, "value");
        if (value.ValueKind != JsonValueKind.Array)
        {
            return null;
        }

        var limits = new List<ReadLimit>();
        var unknown = new List<string>();
        foreach (var deployment in value.EnumerateArray())
        {
            var told = Json.At(deployment, "properties", "rateLimits");
            if (Json.Text(Json.At(deployment, "name")) is not { Length: > 0 } name || told.ValueKind != JsonValueKind.Array)
            {
                continue;
            }

            foreach (var limit in told.EnumerateArray())
            {
                var key = Json.Text(Json.At(limit, "key"));
                var dimension = key switch { "request" => Dimension.Requests, "token" => Dimension.Tokens, _ => (Dimension?)null };
                if (dimension is { } counted && Json.NumberAt(limit, "renewalPeriod") is > 0 and <= MostPeriod and var period
                    && Json.NumberAt(limit, "count") is >= 0 and <= LimitMost and var count)
                {
                    limits.Add(new(name, counted, Minute, (long)Math.Round(count * Minute.TotalSeconds / period)));
                }
                else if (key is not null)
                {
                    unknown.Add(string.Create(CultureInfo.InvariantCulture, $"{key} in {Json.NumberAt(limit, "renewalPeriod") ?? 0} s"));
                }
            }
        }

        return new(limits, unknown, Json.Text(Json.At(body, "nextLink")) is { Length: > 0 } next && Uri.TryCreate(next, UriKind.Absolute, out var link)
            ? link.PathAndQuery
            : null);
    }

    private const double LimitMost = Limit.Unbounded;
}
