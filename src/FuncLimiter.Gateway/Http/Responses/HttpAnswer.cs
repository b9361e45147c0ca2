using FuncLimiter.Gateway.Calls;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace FuncLimiter.Gateway.Http.Responses;

/// <summary>Passes an answer on to the caller who waits for it.</summary>
internal sealed class HttpAnswer(HttpContext context) : CallAnswer
{
    private readonly HttpResponse _response = context.Response;

    /// <inheritdoc/>
    public override void SetHeader(string name, string value) => _response.Headers[name] = value;

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
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
        if (length is null)
        {
            context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        }
        else
        {
            _response.ContentLength = length;
        }
    }
}
