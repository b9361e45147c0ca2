using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace FuncLimiter.Server.Tests.Field;

/// <summary>A plain HTTP client: a new connection for each call, no retries, nothing asked for that is not written here.</summary>
internal static class FieldCaller
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(150);

    /// <summary>Sends a request and reads the answer to its end.</summary>
    /// <param name="address">The server.</param>
    /// <param name="method">The method.</param>
    /// <param name="target">What stands in the request line.</param>
    /// <param name="body">The body; null for none.</param>
    /// <param name="headers">The headers beside <c>Host</c> and <c>Content-Length</c>.</param>
    public static async Task<FieldReply> SendAsync(Uri address, string method, string target, byte[]? body, params (string Name, string Value)[] headers)
    {
        using var late = new CancellationTokenSource(Longest);
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(address.Host, address.Port, late.Token);
        var stream = client.GetStream();
        var head = new StringBuilder($"{method} {target} HTTP/1.1\r\nHost: {address.Authority}\r\n");
        foreach (var (name, value) in headers)
        {
            head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        }

        if (body is not null)
        {
            head.Append(CultureInfo.InvariantCulture, $"Content-Length: {body.Length}\r\n");
        }

        var started = Stopwatch.GetTimestamp();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head.Append("\r\n").ToString()), late.Token);
        await stream.WriteAsync(body ?? [], late.Token);
        return await new Reading(stream, started, late.Token).ReadAsync(hasBody: method != "HEAD");
    }

    /// <summary>Reads one answer, and when its bytes came.</summary>
    private sealed class Reading(NetworkStream stream, long started, CancellationToken cancellationToken)
    {
        private readonly byte[] _buffer = new byte[64 * 1024];
        private readonly List<TimeSpan> _arrivals = [];
        private int _start;
        private int _end;

        public async Task<FieldReply> ReadAsync(bool hasBody)
        {
            var (status, headers) = await ReadHeadAsync();
            while (status is >= 100 and < 200)
            {
                (status, headers) = await ReadHeadAsync();
            }

            var body = new MemoryStream();
            var isWhole = true;
            try
            {
                isWhole = !hasBody || status is 204 or 304 || await ReadBodyAsync(headers, body);
            }
            catch (Exception broken) when (broken is IOException or EndOfStreamException)
            {
                isWhole = false;
            }

            var bytes = body.ToArray();
            return new FieldReply(status, headers, headers.Any(IsGzip) ? Gunzip(bytes) : bytes, isWhole, _arrivals, Stopwatch.GetElapsedTime(started));
        }

        private static bool IsGzip((string Name, string Value) header) =>
            header.Name.Equals("Content-Encoding", StringComparison.OrdinalIgnoreCase) && header.Value == "gzip";

        private static byte[] Gunzip(byte[] bytes)
        {
            using var plain = new MemoryStream();
            using var gzip = new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress);
            gzip.CopyTo(plain);
            return plain.ToArray();
        }

        private async Task<(int Status, List<(string Name, string Value)> Headers)> ReadHeadAsync()
        {
            var status = int.Parse((await LineAsync()).Split(' ')[1], CultureInfo.InvariantCulture);
            var headers = new List<(string, string)>();
            while (await LineAsync() is { Length: > 0 } line)
            {
                var colon = line.IndexOf(':', StringComparison.Ordinal);
                headers.Add((line[..colon], line[(colon + 1)..].Trim()));
            }

            return (status, headers);
        }

        private async Task<bool> ReadBodyAsync(List<(string Name, string Value)> headers, MemoryStream body)
        {
            if (headers.Find(header => header.Name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase)).Value is { } length)
            {
                await TakeAsync(int.Parse(length, CultureInfo.InvariantCulture), body);
                return true;
            }

            if (!headers.Exists(header => header.Name.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase)))
            {
                while (await FillAsync())
                {
                    await TakeAsync(_end - _start, body);
                }

                return true;
            }

            while (int.Parse(await LineAsync(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) is > 0 and var size)
            {
                await TakeAsync(size, body);
                await LineAsync();
            }

            return true;
        }

        private async Task TakeAsync(int count, MemoryStream body)
        {
            while (count > 0)
            {
                if (_start == _end && !await FillAsync())
                {
                    throw new EndOfStreamException();
                }

                var taken = Math.Min(count, _end - _start);
                body.Write(_buffer, _start, taken);
                _start += taken;
                count -= taken;
            }
        }

        private async Task<string> LineAsync()
        {
            var line = new StringBuilder();
            while (true)
            {
                if (_start == _end && !await FillAsync())
                {
                    throw new EndOfStreamException("The connection ended where a line was to come.");
                }

                var next = (char)_buffer[_start++];
                if (next == '\n')
                {
                    return line.ToString().TrimEnd('\r');
                }

                line.Append(next);
            }
        }

        private async Task<bool> FillAsync()
        {
            _start = 0;
            _end = await stream.ReadAsync(_buffer, cancellationToken);
            _arrivals.Add(Stopwatch.GetElapsedTime(started));
            return _end > 0;
        }
    }
}

/// <summary>An answer as its caller got it.</summary>
/// <param name="Status">The status.</param>
/// <param name="Headers">The headers.</param>
/// <param name="Body">The body, with the coding undone that the answer declares.</param>
/// <param name="IsWhole">False where the connection ended before the body did.</param>
/// <param name="Arrivals">When bytes came, counted from the sending on.</param>
/// <param name="Took">How long it took from the sending to the end.</param>
internal sealed record FieldReply(
    int Status, IReadOnlyList<(string Name, string Value)> Headers, byte[] Body, bool IsWhole, IReadOnlyList<TimeSpan> Arrivals, TimeSpan Took)
{
    /// <summary>The body as text.</summary>
    public string Text => Encoding.UTF8.GetString(Body);

    /// <summary>The body as JSON.</summary>
    public JsonNode Json => JsonNode.Parse(Text)!;

    /// <summary>The longest time without a byte, from the sending on.</summary>
    public TimeSpan LongestSilence => Arrivals.Prepend(TimeSpan.Zero).Zip(Arrivals, static (before, after) => after - before).Max();

    /// <summary>A header's value; null where it is absent.</summary>
    public string? Header(string name) => Headers.FirstOrDefault(header => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;

    /// <inheritdoc/>
    public override string ToString() =>
        $"{Status} after {Took.TotalSeconds:0.00} s{(IsWhole ? "" : ", broken off")}\n{string.Join('\n', Headers.Select(header => $"{header.Name}: {header.Value}"))}\n\n{Text}";
}
