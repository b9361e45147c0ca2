using System.Globalization;
using FuncLimiter.Simulation.Providers.Enforcement;
using FuncLimiter.Simulation.Providers.Requests;

namespace FuncLimiter.Simulation.Providers.Signals;

/// <summary>429s in the providers' words: OpenAI's with limit, used, requested and wait; Azure's and Anthropic's as in public issues.</summary>
internal static class RefusalErrors
{
    /// <summary>The error of a refusal.</summary>
    /// <param name="deployment">Who refused.</param>
    /// <param name="refusal">Why.</param>
    /// <param name="operation">What was asked.</param>
    /// <param name="apiVersion">Azure's API version, from the query.</param>
    public static ProviderError Of(DeploymentOptions deployment, in LimitRefusal refusal, RequestOperation operation, string apiVersion) =>
        deployment.Dialect switch
        {
            ProviderDialect.Anthropic => Anthropic(deployment, refusal),
            ProviderDialect.Azure => Azure(deployment, refusal, operation, apiVersion),
            _ => OpenAI(deployment, refusal),
        };

    private static ProviderError OpenAI(DeploymentOptions deployment, in LimitRefusal refusal)
    {
        if (refusal.Cause == RefusalCause.Acceleration)
        {
            return new ProviderError(
                429, "rate_limit_error", "slow_down", "Slow down: your request rate grew too fast. Reduce it, then increase it gradually.");
        }

        var type = refusal.Dimension is LimitDimension.Requests or LimitDimension.Concurrent ? "requests" : "tokens";
        var who = $"{deployment.Model} in organization {deployment.Organization}";
        var limit = Number($"{refusal.Limit:0}");
        if (refusal.Cause == RefusalCause.TooLarge)
        {
            return new ProviderError(
                429,
                type,
                "rate_limit_exceeded",
                $"Request too large for {who} on {Counted(refusal)}: Limit {limit}, Requested {refusal.Requested}. The input or output "
                    + "tokens must be reduced in order to run successfully. Visit https://platform.openai.com/account/rate-limits to learn more.");
        }

        var used = Number($"{Math.Max(0, Math.Ceiling(refusal.Limit - refusal.Available - 1e-6)):0}");
        var numbers = refusal.Cause == RefusalCause.Limit ? $": Limit {limit}, Used {used}, Requested {refusal.Requested}" : "";
        return new ProviderError(
            429,
            type,
            "rate_limit_exceeded",
            $"Rate limit reached for {who} on {Counted(refusal)}{numbers}. Please try again in {GoDuration.Format(refusal.WaitSeconds)}. "
                + "Visit https://platform.openai.com/account/rate-limits to learn more.");
    }

    private static ProviderError Azure(DeploymentOptions deployment, in LimitRefusal refusal, RequestOperation operation, string apiVersion)
    {
        if (refusal.Cause == RefusalCause.TooLarge)
        {
            return new ProviderError(
                429,
                "",
                "429",
                $"Request too large for {deployment.Model} on {Counted(refusal)}: Limit {Number($"{refusal.Limit:0}")}, Requested "
                    + $"{refusal.Requested}. The input or output tokens must be reduced in order to run successfully.");
        }

        var name = operation == RequestOperation.Embeddings ? "Embeddings_Create" : "ChatCompletions_Create";
        var kind = refusal.Dimension == LimitDimension.Tokens ? "token" : "call";
        return new ProviderError(
            429,
            "",
            "429",
            $"Requests to the {name} Operation under Azure OpenAI API version {apiVersion} have exceeded {kind} rate limit of your current "
                + $"OpenAI S0 pricing tier. Please retry after {GoDuration.Seconds(refusal.WaitSeconds)} seconds. Please go here: "
                + "https://aka.ms/oai/quotaincrease if you would like to further increase the default rate limit.");
    }

    private static ProviderError Anthropic(DeploymentOptions deployment, in LimitRefusal refusal)
    {
        const string docs = "For details, refer to: https://docs.claude.com/en/api/rate-limits.";
        const string sales = "contact sales at https://claude.com/contact-sales to discuss your options for a rate limit increase.";
        var who = $"(org: {deployment.Organization}, model: {deployment.Model})";
        var unit = refusal.Dimension switch
        {
            LimitDimension.Requests => "requests",
            LimitDimension.OutputTokens => "output tokens",
            LimitDimension.Tokens => "tokens",
            _ => "input tokens",
        };
        var message = refusal.Cause switch
        {
            RefusalCause.Concurrency =>
                $"Number of concurrent connections has exceeded your rate limit. Please try again later or {sales}",
            RefusalCause.Acceleration =>
                $"This request would exceed your organization's maximum usage increase rate for {unit} per minute {who}. Your current "
                + Number($"limit is {refusal.Limit:N0} {unit} per minute, and will increase to {refusal.Next:N0} at the next minute boundary. ")
                + $"Please scale up your {unit} usage more gradually to stay within the acceleration limit. {docs}",
            RefusalCause.Penalty or RefusalCause.Closed =>
                $"This request would exceed your organization's rate limit {who}. {docs} Please try again later.",
            _ => (refusal.Cause == RefusalCause.TooLarge ? "Request too large. " : "")
                + Number($"This request would exceed your organization's rate limit of {refusal.Limit:N0} {unit} per minute {who}. ")
                + $"{docs} You can see the response headers for current usage. Please reduce the prompt length or the maximum tokens "
                + $"requested, or try again later. You may also {sales}",
        };
        return new ProviderError(429, "rate_limit_error", null, message);
    }

    private static string Counted(in LimitRefusal refusal)
    {
        var (unit, letter) = refusal.Dimension switch
        {
            LimitDimension.Requests => ("requests", 'R'),
            LimitDimension.Concurrent => ("concurrent requests", ' '),
            _ => ("tokens", 'T'),
        };
        return letter == ' ' ? unit
            : refusal.Window >= TimeSpan.FromDays(1) ? $"{unit} per day ({letter}PD)"
            : $"{unit} per min ({letter}PM)";
    }

    private static string Number(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
