namespace FuncLimiter.Gateway.Calls;

/// <summary>Carries one call from admission to settlement and hands back its buffered answer.</summary>
public interface ICallExecutor
{
    /// <summary>Waits for admission, calls, retries where that can help, settles.</summary>
    /// <param name="call">The call.</param>
    /// <param name="cancellationToken">Gives the place in the queue, or the upstream call, up.</param>
    Task<CallResult> ExecuteAsync(CallEnvelope call, CancellationToken cancellationToken);
}
