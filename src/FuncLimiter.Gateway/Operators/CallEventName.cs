namespace FuncLimiter.Gateway.Operators;

/// <summary>The names of what happens to calls, in what FuncLimiter reports.</summary>
internal static class CallEventName
{
    public static string Of(CallEventKind kind) => kind switch
    {
        CallEventKind.Admitted => "admitted",
        CallEventKind.Waiting => "waiting",
        CallEventKind.Diverted => "diverted",
        CallEventKind.Refused => "refused",
        _ => "settled",
    };
}
