using System.Buffers.Text;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using FuncLimiter.Benchmarks.Processes;

namespace FuncLimiter.Benchmarks.Load;

/// <summary>Many streams at once, and how late each chunk comes. A process of its own, in which one thread takes everything.</summary>
internal static class StreamClient
{
    /// <summary>The first argument by which this program is such a client, before the port, the key and the milliseconds that are measured.</summary>
    public const string Command = "stream-client";

    public const int Streams = 500;

    private const string Begin = "begin";
    private const string End = "end";
    private const string Body = """{"model":"gpt-x","messages":[{"role":"user","content":"Hi"}],"stream":true,"stream_options":{"include_usage":true}}""";

    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    /// <summary>What a round gave.</summary>
    /// <param name="P50">Milliseconds from the provider's sending of a chunk to the client's having it; of half of them at most.</param>
    /// <param name="P99">The same, of 99 in a hundred.</param>
    /// <param name="GapP99">Milliseconds between a stream's chunks, as its reader sees them; of 99 in a hundred at most.</param>
    /// <param name="Chunks">How many were measured.</param>
    /// <param name="Work">What the client itself took of the processors.</param>
    public sealed record Outcome(double P50, double P99, double GapP99, int Chunks, TimeSpan Work);

    /// <summary>Measures in a process of its own.</summary>
    /// <param name="begin">Called once all streams are there.</param>
    /// <param name="end">Called when the time is over.</param>
    /// <exception cref="NotAvailableException">The streams did not come.</exception>
    public static async Task<Outcome> RunAsync(int port, string key, TimeSpan time, Action begin, Action end)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(StreamClient).Assembly.Location, Command, $"{port}", key, $"{(int)time.TotalMilliseconds}"])
        {
            RedirectStandardOutput = true,
        };

        // One thread that takes what comes at once: a pool of them would measure its own waking.
        start.Environment["DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS"] = "1";
        start.Environment["DOTNET_SYSTEM_NET_SOCKETS_THREAD_COUNT"] = "1";
        using var process = Process.Start(start)!;
        using var deadline = new CancellationTokenSource(Deadline + time);
        try
        {
            while (await process.StandardOutput.ReadLineAsync(deadline.Token) is { } line)
            {
                switch (line.Split(' '))
                {
                    case [Begin]:
                        begin();
                        break;
                    case [End, var p50, var p99, var gap, var chunks, var work]:
                        end();
                        return new(Number(p50), Number(p99), Number(gap), (int)Number(chunks), TimeSpan.FromMilliseconds(Number(work)));
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Told below.
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
        }

        throw new NotAvailableException($"{Streams} streams did not come through port {port}");
    }

    /// <summary>Reads streams, and prints when it begins to measure, and at the end what it found.</summary>
    public static async Task MeasureAsync(string port, string key, string milliseconds)
    {
        var address = new IPEndPoint(IPAddress.Loopback, int.Parse(port, CultureInfo.InvariantCulture));
        var streams = Enumerable.Range(0, Streams).Select(_ => new Reading(address, key)).ToArray();
        while (streams.Any(static stream => !stream.HasBegun))
        {
            await Task.Delay(50);
        }

        await Task.Delay(Settling);
        Reading.IsCounting = true;
        var before = Environment.CpuUsage.TotalTime;
        Console.WriteLine(Begin);
        await Task.Delay(int.Parse(milliseconds, CultureInfo.InvariantCulture));
        Reading.IsCounting = false;
        var work = Environment.CpuUsage.TotalTime - before;
        await Task.Delay(50);
        var (late, gaps) = (Milliseconds(streams, static stream => stream.Late), Milliseconds(streams, static stream => stream.Gaps));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{End} {Percentile.Of(late, 0.5):0.0000} {Percentile.Of(late, 0.99):0.0000} {Percentile.Of(gaps, 0.99):0.0000} {late.Length} {work.TotalMilliseconds:0.0}"));
    }

    private static double[] Milliseconds(Reading[] streams, Func<Reading, List<long>> ticks) =>
        [.. streams.SelectMany(ticks).Select(static ticks => (double)ticks / Stopwatch.Frequency * 1000)];

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    private sealed class Reading : IDisposable
    {
        public static volatile bool IsCounting;

        private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        private readonly SocketAsyncEventArgs _receive = new();
        private readonly byte[] _buffer = new byte[16 * 1024];
        private int _held;
        private long _cameAt;

        public Reading(IPEndPoint address, string key)
        {
            _socket.Connect(address);
            _socket.Send(Encoding.ASCII.GetBytes(
                $"POST /v1/chat/completions HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\nContent-Length: {Body.Length}\r\n\r\n{Body}"));
            _receive.Completed += (_, _) => ReadOn();
            _receive.SetBuffer(_buffer, 0, _buffer.Length);
            if (!_socket.ReceiveAsync(_receive))
            {
                ReadOn();
            }
        }

        public List<long> Late { get; } = new(4096);

        public List<long> Gaps { get; } = new(4096);

        public bool HasBegun { get; private set; }

        public void Dispose()
        {
            _socket.Dispose();
            _receive.Dispose();
        }

        private void ReadOn()
        {
            do
            {
                if (_receive.BytesTransferred == 0)
                {
                    Environment.FailFast("A stream broke off.");
                }

                Take(_held + _receive.BytesTransferred);
                _receive.SetBuffer(_held, _buffer.Length - _held);
            }
            while (!_socket.ReceiveAsync(_receive));
        }

        private void Take(int length)
        {
            var now = Stopwatch.GetTimestamp();
            var rest = _buffer.AsSpan(0, length);
            while (rest.IndexOf(StreamProvider.Mark) is >= 0 and var from)
            {
                var told = rest[(from + 1)..];
                if (told.IndexOf(StreamProvider.Mark) is not (>= 0 and var to))
                {
                    rest[from..].CopyTo(_buffer);
                    _held = rest.Length - from;
                    return;
                }

                if (Utf8Parser.TryParse(told[..to], out long sent, out _) && IsCounting)
                {
                    Late.Add(now - sent);
                    if (_cameAt > 0)
                    {
                        Gaps.Add(now - _cameAt);
                    }

                    _cameAt = now;
                }

                HasBegun = true;
                rest = told[(to + 1)..];
            }

            _held = 0;
        }
    }
}
