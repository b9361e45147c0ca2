using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Gateway.Calls.Routes;
using FuncLimiter.Gateway.Calls.State;
using FuncLimiter.Providers.Passing;

namespace FuncLimiter.Gateway.Calls.Passing;

/// <summary>Which account takes a request that names no model: what holds what it names, else the configuration's word, else the only one there is.</summary>
internal static class AccountChoice
{
    /// <summary>The accounts that a tenant may use and whose provider has a path.</summary>
    public static List<AccountRoute> Candidates(RouteTable routes, string tenant, PassedPath path) =>
    [
        .. routes.Accounts.Where(account => routes.MayUse(tenant, account.Id)
            && account.Deployment.Provider.PassedAddress(account.Deployment.Target, path, string.Empty) is not null),
    ];

    /// <summary>Chooses.</summary>
    /// <param name="candidates">The accounts that could take it.</param>
    /// <param name="asked">The path as the caller wrote it.</param>
    /// <param name="isAzure">Whether the caller speaks Azure's dialect.</param>
    /// <param name="holding">Who holds what it names.</param>
    /// <param name="error">Why none can be chosen.</param>
    public static AccountRoute? Choose(
        List<AccountRoute> candidates, PassedPath path, string asked, bool isAzure, in StateHolding holding, out GatewayError? error)
    {
        error = null;
        if (holding.Account is { } keeper)
        {
            error = StateErrors.Fault(holding, 0);
            return error is null ? candidates.Find(account => account.Id == keeper) : null;
        }

        var named = candidates.FindAll(account => account.Configuration.Paths.Any(pattern => StarPattern.Matches(pattern, asked, StringComparison.OrdinalIgnoreCase)));
        var left = named.Count > 0 ? named : candidates;
        if (left.Count > 1 && Own(path.Api, isAzure) is var own && left.FindAll(account => account.Configuration.Provider == own) is [var only])
        {
            left = [only];
        }

        error = left.Count == 0 ? NoAccount(asked) : StateErrors.Fault(holding, left.Count) ?? (left.Count > 1 ? Ambiguous(asked, left) : null);
        return error is null ? left[0] : null;
    }

    /// <summary>The provider whose API it is; others have it too.</summary>
    private static string Own(ProviderApi api, bool isAzure) => api switch
    {
        ProviderApi.OpenAI when !isAzure => "openai",
        ProviderApi.OpenAI or ProviderApi.Azure => "azure-openai",
        ProviderApi.Anthropic => "anthropic",
        ProviderApi.Gemini => "gemini",
        ProviderApi.Bedrock => "bedrock",
        _ => "vertex",
    };

    private static GatewayError NoAccount(string asked) => new(404, "unknown_url",
        $"{asked} is not served: no account that you may use is of a provider that has this path.");

    private static GatewayError Ambiguous(string asked, List<AccountRoute> left)
    {
        const int mostShown = 5;
        var shown = string.Join(", ", left.Take(mostShown).Select(account => account.Id)) + (left.Count > mostShown ? ", ..." : "");
        return GatewayError.BadRequest("ambiguous_account",
            $"{asked} names no model, and several accounts could take it ({shown}). Name a model, or let one account take it: \"paths\": [\"{asked}*\"] of that account in the configuration.");
    }
}
