using System.Net.Sockets;
using System.Security.Authentication;
using FuncLimiter.Gateway.Calls.Errors;

namespace FuncLimiter.Gateway.Calls.Upstream;

/// <summary>What a provider's silence, reset or absence looks like, and means.</summary>
internal static class UpstreamFailure
{
    /// <summary>Whether an exception is such a failure; provided that the caller did not cancel.</summary>
    public static bool Is(Exception exception) => exception is HttpRequestException or IOException or OperationCanceledException;

    /// <summary>Whether the request may have reached the provider, and so may have been counted.</summary>
    /// <param name="timedOut">Whether the provider was silent for too long; a connection that took too long ends in another way.</param>
    public static bool WasReached(Exception exception, bool timedOut) => exception switch
    {
        OperationCanceledException => timedOut,
        HttpRequestException failure => failure.HttpRequestError is not (
            HttpRequestError.NameResolutionError
            or HttpRequestError.ConnectionError
            or HttpRequestError.SecureConnectionError
            or HttpRequestError.ProxyTunnelError),
        _ => true,
    };

    /// <summary>
    /// Whether an exception, thrown before any of the request left, is no news of the provider: the request itself could not be sent. A
    /// connection that is refused, breaks, or takes too long is the provider's.
    /// </summary>
    public static bool IsOfTheRequest(Exception exception) => exception switch
    {
        OperationCanceledException or IOException => false,
        HttpRequestException failure => failure.InnerException is not (IOException or SocketException)
            && failure.HttpRequestError is HttpRequestError.Unknown or HttpRequestError.ConfigurationLimitExceeded,
        _ => true,
    };

    /// <summary>
    /// Whether no connection was made for want of something here: descriptors, ports, memory, a network. It passes, and is no news of the provider either.
    /// </summary>
    public static bool IsOfThisMachine(Exception exception) => exception is HttpRequestException
    {
        InnerException: SocketException
        {
            SocketErrorCode: SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable or SocketError.AddressNotAvailable
                or SocketError.AddressAlreadyInUse or SocketError.ProcessLimit or SocketError.AccessDenied
                or SocketError.NetworkDown or SocketError.NetworkUnreachable,
        },
    };

    /// <summary>The error that tells a caller that this machine has no connection to spare.</summary>
    public static readonly GatewayError NoConnection = new(503, "no_connection_left",
        "This FuncLimiter can open no more connections at present; its log says why.")
    {
        ShouldRetry = true,
        RetryAfter = TimeSpan.FromSeconds(1),
    };

    /// <summary>The error that tells a caller that nothing opens the account at present.</summary>
    public static GatewayError NoCredential(string deployment, string why) => new(503, "credential_missing",
        $"{deployment} was not asked: {why} FuncLimiter's log says why. Your key is fine; tell who runs FuncLimiter.")
    {
        ShouldRetry = true,
        RetryAfter = TimeSpan.FromSeconds(5),
    };

    /// <summary>The error that tells a caller that a request could not be sent.</summary>
    public static GatewayError Unsendable(string deployment) => new(502, "request_not_sendable",
        $"This request can't be sent to {deployment}: its headers, or the account's settings, are none that HTTP can carry.");

    /// <summary>The error that tells a caller of it.</summary>
    /// <param name="exception">What was met where no connection was made; null where it does not matter.</param>
    public static GatewayError Error(string deployment, bool wasReached, bool timedOut, Exception? exception = null)
    {
        var error = timedOut ? new GatewayError(504, "upstream_timeout", $"{deployment} did not answer in time.")
            : wasReached ? new GatewayError(502, "upstream_broke_off", $"{deployment} broke its answer off.")
            : new GatewayError(502, "upstream_unreachable", $"{deployment} could not be reached{(Why(exception) is { } why ? $": {why}" : "")}.");
        return error with { ShouldRetry = true };
    }

    private static string? Why(Exception? exception) => exception switch
    {
        OperationCanceledException => "no connection was made in time",
        HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => "its name is not known",
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } failure => WhyNotSecure(failure.InnerException),
        HttpRequestException { InnerException: SocketException { SocketErrorCode: SocketError.ConnectionRefused } } => "the connection was refused",
        _ => null,
    };

    private static string WhyNotSecure(Exception? exception)
    {
        if (exception is not AuthenticationException { Message: var told })
        {
            return "the TLS handshake was broken off";
        }

        return told.Contains("NameMismatch", StringComparison.Ordinal) ? "its certificate is that of another name"
            : told.Contains("NotTimeValid", StringComparison.Ordinal) ? "its certificate is over, or not valid yet"
            : told.Contains("certificate", StringComparison.OrdinalIgnoreCase) ? "its certificate is not trusted"
            : "no TLS was agreed on";
    }
}
