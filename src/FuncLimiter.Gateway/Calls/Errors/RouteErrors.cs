using FuncLimiter.Gateway.Calls.Routes;
using FuncLimiter.Gateway.Calls.State;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Translation;

namespace FuncLimiter.Gateway.Calls.Errors;

/// <summary>Why there is no route for a call.</summary>
internal static class RouteErrors
{
    private const int MaxShown = 100;

    /// <summary>404: there is no such model.</summary>
    public static GatewayError UnknownModel(string model) => new(404, "model_not_found",
        $"There is no model '{(model.Length > MaxShown ? model[..MaxShown] : model)}' here. GET /v1/models lists those there are.")
    {
        Parameter = "model",
    };

    /// <summary>403: the tenant may use none of its deployments.</summary>
    public static GatewayError NotAllowed(Route route) => new(403, "model_not_allowed",
        $"Your organization may not use '{route.Name}': none of its deployments is among the providers, regions and accounts allowed to you.")
    {
        Parameter = "model",
    };

    /// <summary>403: the tenant may ask for other models only.</summary>
    /// <param name="allowed">What it may ask for.</param>
    public static GatewayError NotAmong(Route route, IEnumerable<string> allowed)
    {
        const int mostNamed = 20;
        var names = allowed.ToList();
        var more = names.Count > mostNamed ? $" and {names.Count - mostNamed} more; GET /v1/models lists them" : "";
        return new(403, "model_not_allowed", $"You may not use '{route.Name}'. You may use {string.Join(", ", names.Take(mostNamed))}{more}.") { Parameter = "model" };
    }

    /// <summary>403: nobody knows which model runs where the request names none, and the tenant may ask for some only.</summary>
    public static GatewayError NamesNoModel(string asked) => new(403, "path_not_allowed",
        $"{asked} names no model here, and you may not use every model. The configuration may let you use it nevertheless, by \"allow\": {{ \"paths\": [...] }} of the tenant.");

    /// <summary>400: the model is there, but not in this API.</summary>
    public static GatewayError NotServed(Route route, Operation operation) => GatewayError.BadRequest("operation_not_supported",
        $"'{route.Name}' does not take {operation}: none of its deployments offers it in this API.", "model");

    /// <summary>400: what a request goes on from is kept by an account that its model's route does not lead to.</summary>
    public static GatewayError KeptElsewhere(Route route, string account) => GatewayError.BadRequest("kept_elsewhere",
        $"What this request goes on from is kept by account '{account}', where '{route.Name}' can't be asked: it has no deployment there that takes this path.");

    /// <summary>400: the model is there, but its provider has no such path.</summary>
    public static GatewayError NotPassed(Route route, PassedCall passed) => GatewayError.BadRequest("operation_not_supported",
        $"'{route.Name}' does not take {passed.Method} {passed.Path.Path}: none of its deployments is of a provider that has this path.", "model");

    /// <summary>400: the model is there in another API only, and the request can't be put into it without loss.</summary>
    /// <param name="first">The first of the reasons.</param>
    /// <param name="reasons">The reasons, by deployment.</param>
    public static GatewayError NotTranslatable(Route route, Loss first, string reasons) => GatewayError.BadRequest(
        "request_not_translatable",
        $"'{route.Name}' is served in another API than this one, and the request can't be put into it without loss: {reasons}.",
        first.Path.Length == 0 ? null : first.Path);
}

/// <summary>Why a request can't go on from what it names.</summary>
internal static class StateErrors
{
    private const int MostShown = 100;

    /// <summary>What is wrong with what a request goes on from; null where nothing is.</summary>
    /// <param name="holding">Who holds it.</param>
    /// <param name="couldBe">How many accounts could have made what nobody is known to hold.</param>
    public static GatewayError? Fault(in StateHolding holding, int couldBe) =>
        holding.Foreign is { } foreign ? NotFound(foreign)
        : holding.Elsewhere is { } elsewhere ? GatewayError.BadRequest("kept_apart",
            $"'{Shown(elsewhere)}' is kept by another account than the rest that this request names: no one account can serve it.")
        : holding is { Unknown: { } unknown, Account: null } && couldBe > 1 ? new GatewayError(404, "not_found",
            $"Nothing is known here of '{Shown(unknown)}', and {couldBe} accounts could have made it. What was made through FuncLimiter is asked of the account that made it; "
            + "for what was made elsewhere let one account take the path, by \"paths\" of that account in the configuration.")
        : null;

    private static GatewayError NotFound(string id) => new(404, "not_found", $"There is no '{Shown(id)}' here.");

    private static string Shown(string id) => id.Length > MostShown ? id[..MostShown] : id;
}
