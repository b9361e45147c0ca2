using System.Net;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Calls.Headers;
using FuncLimiter.Gateway.Calls.Upstream;
using FuncLimiter.Gateway.Calls.Upstream.Credentials;

namespace FuncLimiter.Gateway.Calls.Sockets;

/// <summary>What a caller's side of a WebSocket needs, before there is one.</summary>
/// <param name="Protocols">The subprotocols that it offers, without those that carry keys.</param>
/// <param name="AcceptAsync">Accepts it, with a subprotocol or none.</param>
/// <param name="Pipeline">How each answer on it is admitted.</param>
/// <param name="Room">Room for what is said while a call waits.</param>
/// <param name="Stopping">Cancelled once the host was asked to stop.</param>
internal sealed record SocketCaller(
    IReadOnlyList<string> Protocols, Func<string?, Task<WebSocket>> AcceptAsync, CallPipeline Pipeline, SocketRoom Room, CancellationToken Stopping);

/// <summary>Opens a WebSocket at the attempt's deployment, with its key, and passes on what both sides say until one ends it.</summary>
internal sealed class SocketRunner(CallServices services, SocketCaller caller) : IAttemptRunner
{
    /// <summary>RFC 6455, 1.3.</summary>
    private const string Magic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    /// <inheritdoc/>
    public async ValueTask<FailedAttempt?> RunAsync(Attempt attempt, CallAnswer answer, CancellationToken cancellationToken)
    {
        using var timeout = new ActivityTimeout(services.Options.FirstByteTimeout, services.Time, cancellationToken);
        HttpResponseMessage? response = null;
        var isHandedOn = false;
        try
        {
            var key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(16));
            response = await services.Upstream.SendAsync(Handshake(attempt, key), timeout.Token);
            if (response.StatusCode != HttpStatusCode.SwitchingProtocols)
            {
                var refused = await RefusedAsync(attempt, response, timeout);
                isHandedOn = true;
                return refused;
            }

            timeout.Pause();
            attempt.Observe(attempt.Read(200, name => ResponseHeaders.Find(response, name), []).Observation);
            var protocol = ResponseHeaders.Find(response, "Sec-WebSocket-Protocol");
            if (ResponseHeaders.Find(response, "Sec-WebSocket-Accept") != Accepted(key) || (protocol is not null && !caller.Protocols.Contains(protocol)))
            {
                throw new HttpRequestException("The provider's handshake is none of a WebSocket.");
            }

            await RelayAsync(attempt, response, protocol, answer, cancellationToken);
            return null;
        }
        catch (CredentialMissingException missing) when (!cancellationToken.IsCancellationRequested)
        {
            attempt.SettleUnsent();
            return FailedAttempt.Silent(attempt, UpstreamFailure.NoCredential(attempt.Deployment.Name, missing.Message));
        }
        catch (Exception exception) when (!answer.HasStarted && !cancellationToken.IsCancellationRequested && UpstreamFailure.Is(exception))
        {
            if (UpstreamFailure.IsOfThisMachine(exception))
            {
                attempt.SettleUnsent();
                return FailedAttempt.Silent(attempt, UpstreamFailure.NoConnection);
            }

            var wasReached = response is not null || UpstreamFailure.WasReached(exception, timeout.TimedOut);
            attempt.Observe(new Observation(OutcomeKind.TransientFailure));
            attempt.SettleFailed(OutcomeKind.TransientFailure, null);
            return FailedAttempt.Silent(attempt, UpstreamFailure.Error(attempt.Deployment.Name, wasReached, timeout.TimedOut, exception));
        }
        finally
        {
            if (response is null)
            {
                attempt.SettleUnsent();
            }
            else if (!isHandedOn)
            {
                response.Dispose();
            }

            attempt.SettleAnswered(null, null);
        }
    }

    private HttpRequestMessage Handshake(Attempt attempt, string key)
    {
        using var nothing = new BodyContent(default);
        var request = UpstreamRequest.Create(attempt, nothing);
        request.Content = null;
        request.Version = HttpVersion.Version11;
        request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        request.Headers.TryAddWithoutValidation("Connection", "Upgrade");
        request.Headers.TryAddWithoutValidation("Upgrade", "websocket");
        request.Headers.TryAddWithoutValidation("Sec-WebSocket-Version", "13");
        request.Headers.TryAddWithoutValidation("Sec-WebSocket-Key", key);
        if (caller.Protocols.Count > 0)
        {
            request.Headers.TryAddWithoutValidation("Sec-WebSocket-Protocol", string.Join(", ", caller.Protocols));
        }

        return request;
    }

    private static string Accepted(string key) =>
#pragma warning disable CA5350 // What the protocol asks for; nothing is protected by it.
        Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + Magic)));
#pragma warning restore CA5350

    private async ValueTask<FailedAttempt> RefusedAsync(Attempt attempt, HttpResponseMessage response, ActivityTimeout timeout)
    {
        if ((int)response.StatusCode < 200)
        {
            throw new HttpRequestException($"{(int)response.StatusCode} is no answer.");
        }

        // What is no WebSocket serves nobody who asked for one, whatever its status.
        var body = await WholeBody.ReadAsync(response.Content, services.Options.MaxReadAnswerBytes, timeout.Token);
        var said = attempt.Read(response, body.Rest is null ? body.Bytes.Span : []);
        attempt.Observe(said.Observation);
        if (said.Observation.Kind == OutcomeKind.Success)
        {
            body.Dispose();
            response.Dispose();
            attempt.SettleFailed(OutcomeKind.Rejected, null);
            return FailedAttempt.Unsent(attempt, new(502, "upstream_is_no_websocket", $"{attempt.Deployment.Name} answered {(int)response.StatusCode} in place of a WebSocket."));
        }

        attempt.SettleFailed(said.Observation.Kind, said.Usage);
        return FailedAttempt.Answered(attempt, response, body, said);
    }

    private async Task RelayAsync(Attempt attempt, HttpResponseMessage response, string? protocol, CallAnswer answer, CancellationToken cancellationToken)
    {
        var keepAlive = services.Options.SocketKeepAlive;
        using var provider = WebSocket.CreateFromStream(
            await response.Content.ReadAsStreamAsync(cancellationToken),
            new WebSocketCreationOptions { IsServer = false, SubProtocol = protocol, KeepAliveInterval = keepAlive, KeepAliveTimeout = keepAlive });
        services.Headers.Served(answer, attempt.Admission, attempt.Deployment.Name, attempt.Waited);
        answer.Start(200, null);
        using var accepted = await caller.AcceptAsync(protocol);
        using var relay = new SocketRelay(services, attempt, caller, accepted, provider);
        await relay.RunAsync(cancellationToken);
    }
}
