using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Headers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace FuncLimiter.Gateway.Http.Responses;

/// <summary>Passes an answer on to the caller who waits for it.</summary>
internal sealed class HttpAnswer(HttpContext context) : CallAnswer
{
    private readonly HttpResponse _response = context.Response;

    /// <inheritdoc/>
    public override void SetHeader(string name, string value) => _response.Headers[name] = HeaderText.Printable(value, isBytes: true);

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (HasNoBody(_response.StatusCode))
        {
            return ValueTask.CompletedTask;
        }

        var write = _response.BodyWriter.WriteAsync(bytes, cancellationToken);
        if (write.IsCompletedSuccessfully)
        {
            _ = write.Result;
            return ValueTask.CompletedTask;
        }

        return Awaited(write);

        static async ValueTask Awaited(ValueTask<System.IO.Pipelines.FlushResult> write) => await write;
    }

    /// <inheritdoc/>
    public override void Abort() => context.Abort();

    /// <inheritdoc/>
    protected override void Begin(int status, long? length)
    {
        _response.StatusCode = status;
        if (HasNoBody(status))
        {
            return;
        }

        if (length is null)
        {
            context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        }
        else
        {
            _response.ContentLength = length;
        }
    }

    // The server throws where a body is written to one of these.
    private static bool HasNoBody(int status) => status is 204 or 205 or 304;
}
