using FuncLimiter.Gateway.State;

namespace FuncLimiter.Gateway.Errors;

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
