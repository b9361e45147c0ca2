using System.Text.Json.Serialization.Metadata;
using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Gateway.Operations.Admin;

namespace FuncLimiter.Gateway.Http.Endpoints;

/// <summary>Which members the bodies of the admin paths have. One of another path would do nothing, and whoever sent it meant something.</summary>
internal static class AdminMembers
{
    private static readonly Dictionary<string, string[]> ByPath = new(StringComparer.Ordinal)
    {
        [EndpointPaths.AdminPauses] = ["scope", "seconds"],
        [EndpointPaths.AdminLimits] = ["scope", "dimension", "windowSeconds", "amount"],
        [EndpointPaths.AdminWeights] = ["tenant", "weight"],
        [EndpointPaths.AdminRevocations] = ["tenant", "hash", "seconds"],
        [EndpointPaths.AdminLearned] = ["scope", "dimension", "rule"],
        [EndpointPaths.AdminBudgets] = ["budget", "usd", "tokens", "calls", "seconds"],
        [EndpointPaths.AdminKeys] = ["tenant", "prefix", "expires", "uses", "replaces", "graceSeconds"],
    };

    private static readonly JsonPropertyInfo[] All = [.. AdminJson.Default.AdminAsk.Properties.Where(static member => member.Name != Reason)];

    private const string Reason = "reason";

    /// <summary>What is wrong with a body that has a member of another path's; null where it has none.</summary>
    /// <param name="path">The path, in lower case.</param>
    public static GatewayError? Foreign(string path, AdminAsk ask)
    {
        var own = ByPath[path];
        return All.FirstOrDefault(member => !own.Contains(member.Name, StringComparer.Ordinal) && member.Get!(ask) is not null) is { Name: var name }
            ? AdminAskReader.Wrong(name, $"'{name}' is of no use here and changes nothing: {path} takes {string.Join(", ", own)} and {Reason}.")
            : null;
    }
}
