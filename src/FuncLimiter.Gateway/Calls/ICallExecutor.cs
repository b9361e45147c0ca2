namespace FuncLimiter.Gateway.Calls;

/// <summary>Carries one call from admission to settlement and hands back its buffered answer.</summary>
public interface ICallExecutor
{
    /// <summary>Waits for admission, calls, retries where that can help, settles.</summary>
    /// <param name="call">The call.</param>
    /// <param name="cancellationToken">Gives the place in the queue, or the upstream call, up.</param>
    Task<CallResult> ExecuteAsync(CallEnvelope call, CancellationToken cancellationToken);

    /// <summary>The same, for one who may come to have no time for waiting and still lets a provider end what it has begun.</summary>
    /// <param name="call">The call.</param>
    /// <param name="stopWaiting">Gives the place in the queue up; a call that a provider has goes on.</param>
    /// <param name="cancellationToken">Gives the place in the queue, or the upstream call, up.</param>
    Task<CallResult> ExecuteAsync(CallEnvelope call, CancellationToken stopWaiting, CancellationToken cancellationToken) =>
        ExecuteAsync(call, cancellationToken);
}
