using System.Globalization;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Calls.Spending;

namespace FuncLimiter.Gateway.Calls.Errors;

/// <summary>Puts the limiter's no into words.</summary>
internal static class RefusalError
{
    /// <summary>
    /// The longest hint that the official clients follow (openai-node, anthropic-python: 60 s); past it they come back after seconds,
    /// so they are told not to come back by themselves.
    /// </summary>
    public static readonly TimeSpan LongestHint = TimeSpan.FromSeconds(60);

    /// <summary>The error of a refusal.</summary>
    /// <param name="now">The present, from which the wait counts.</param>
    public static GatewayError Of(Refusal refusal, string route, Instant now)
    {
        var retryAfter = refusal.RetryAt.IsKnown ? WholeSeconds(refusal.RetryAt - now) : (TimeSpan?)null;
        var come = retryAfter is { } wait
            ? string.Create(CultureInfo.InvariantCulture, $"Try again in {wait.TotalSeconds:0} s.")
            : "When it can be tried again is not foreseeable.";
        return refusal.Reason switch
        {
            RefusalReason.TooLarge when refusal.Dimension == Dimension.Cost => new GatewayError(413, "request_exceeds_money_budget",
                $"The request costs more than {refusal.Budget} may spend in a day, and can never be let through. Lower max_tokens or shorten the input.")
            {
                Budget = refusal.Budget,
                Dimension = refusal.Dimension,
            },
            RefusalReason.WouldWaitTooLong when refusal.Dimension == Dimension.Cost => Retryable(429, "money_budget_spent",
                $"The money budget of {refusal.Budget} for the day is spent, or reserved for calls under way. It is back at midnight UTC. {come}",
                refusal, retryAfter),
            RefusalReason.TooLarge => new GatewayError(413, "request_exceeds_limit",
                $"The request is larger than the whole limit of {refusal.Budget} and can never be let through. Lower max_tokens or shorten the input.")
            {
                Budget = refusal.Budget,
                Dimension = refusal.Dimension,
            },
            RefusalReason.Spent => Spent(refusal, retryAfter),
            RefusalReason.NotKept => StorageUnavailableException.Error("what calls take of the limits can't be stored, and what was stored is used up"),
            RefusalReason.QueueFull => Retryable(503, "queue_full",
                $"As many calls wait for '{route}' as may wait; {refusal.Budget} is full. {come}", refusal, retryAfter),
            RefusalReason.WouldWaitTooLong when refusal.ClosedBy is OutcomeKind.Overloaded or OutcomeKind.TransientFailure =>
                Retryable(503, "upstream_unavailable",
                    $"What serves '{route}' is overloaded or down by its provider's own answer: {refusal.Budget} is not called until then. {come}",
                    refusal, retryAfter),
            RefusalReason.WouldWaitTooLong => Retryable(429, "rate_limit_exceeded",
                $"The call to '{route}' would wait longer than it may; {refusal.Budget} {Want(refusal)}. {come}", refusal, retryAfter),
            _ => Retryable(503, "no_deployment", $"Nothing that serves '{route}' can be called; {refusal.Budget} is closed. {come}", refusal, retryAfter),
        };
    }

    private static GatewayError Spent(Refusal refusal, TimeSpan? retryAfter)
    {
        var shortage = refusal.Shortage!;
        var left = SpendText.Left(shortage.Left, shortage.TimeLeft);
        var needs = SpendText.Needs(shortage.Needs, refusal.Dimension);
        var message = shortage switch
        {
            { IsRun: true } when refusal.Dimension is null => $"The run's time is over: {refusal.Budget} has {left} left.",
            { IsRun: true } => $"The run's budget is spent, or held by calls under way: {refusal.Budget} has {left} left, and this call may need {needs}.",
            _ => $"The budget {refusal.Budget} is spent, or held by calls under way: it has {left} left, and this call may need {needs}.",
        };
        var hint = shortage.KeepsClosing
            ? " A part of it is kept for one closing call: send that with 'X-Run-Closing: true'."
            : shortage.IsRun ? " An operator can raise it at /admin/budgets." : " It is given anew at the end of its period, and an operator can raise it at /admin/budgets.";
        return Retryable(429, shortage.IsRun ? "run_budget_spent" : "budget_spent", message + hint, refusal, retryAfter);
    }

    private static string Want(Refusal refusal) => refusal.Dimension switch
    {
        Dimension.Requests => "is full: it has no requests left",
        Dimension.Tokens => "is full: it has too few tokens left",
        Dimension.InputTokens => "is full: it has too few input tokens left",
        Dimension.OutputTokens => "is full: it has too few output tokens left",
        Dimension.Concurrent => "is full: as many requests are under way as may be at once",
        _ => refusal.IsClosed ? "is closed until then" : "is full",
    };

    private static GatewayError Retryable(int status, string code, string message, Refusal refusal, TimeSpan? retryAfter) =>
        new(status, code, message)
        {
            Budget = refusal.Budget,
            Dimension = refusal.Dimension,
            RetryAfter = retryAfter,
            ShouldRetry = refusal.RetryAt != Instant.Never && (retryAfter is null || retryAfter <= LongestHint),
        };

    // Retry-After has whole seconds, and everything else that is told agrees with it: rounded up, so that nobody comes too early, and never zero.
    private static TimeSpan WholeSeconds(TimeSpan span) => TimeSpan.FromSeconds(Math.Max(1, Math.Ceiling(span.TotalSeconds)));
}
