using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using FuncLimiter.Benchmarks.Processes;

namespace FuncLimiter.Benchmarks.Load;

/// <summary>
/// A provider that does nothing but stream by the clock, each chunk with the time at which it was sent. It is a process of its own, and one
/// thread sends everything, so that what is measured is who stands between it and the client.
/// </summary>
internal static class StreamProvider
{
    /// <summary>The first argument by which this program is such a provider, before its port.</summary>
    public const string Command = "stream-provider";

    /// <summary>Chunks a second of each stream, about as fast as models write.</summary>
    public const int Rate = 30;

    /// <summary>Stands before and after the time in each chunk.</summary>
    public const byte Mark = (byte)'@';

    private const int Digits = 20;
    private static readonly long s_every = Stopwatch.Frequency / Rate;
    private static readonly ConcurrentQueue<Socket> s_begun = new();

    public static Task<ChildProcess> Start(int port) => ChildProcess.Serve(
        new ProcessStartInfo("dotnet", [typeof(StreamProvider).Assembly.Location, Command, port.ToString(CultureInfo.InvariantCulture)]), port);

    /// <summary>Serves until the process is ended.</summary>
    public static async Task ServeAsync(string port)
    {
        new Thread(SendByTheClock) { IsBackground = true }.Start();
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, int.Parse(port, CultureInfo.InvariantCulture)));
        listener.Listen(StreamClient.Streams);
        while (true)
        {
            _ = BeginAsync(await listener.AcceptAsync());
        }
    }

    private static async Task BeginAsync(Socket socket)
    {
        socket.NoDelay = true;
        using var stream = new NetworkStream(socket);
        using var reader = new StreamReader(stream, Encoding.ASCII);
        var length = 0;
        while (await reader.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("content-length:", StringComparison.OrdinalIgnoreCase))
            {
                length = int.Parse(line["content-length:".Length..], CultureInfo.InvariantCulture);
            }
            else if (line.Length == 0)
            {
                await reader.ReadBlockAsync(new char[length]);
                await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"u8.ToArray());
                s_begun.Enqueue(socket);
                return;
            }
        }

        socket.Dispose();
    }

    private static void SendByTheClock()
    {
        var chunk = Encoding.ASCII.GetBytes($$$"""data: {"id":"c","object":"chat.completion.chunk","model":"gpt-x","choices":[{"index":0,"delta":{"content":"@{{{new string('0', Digits)}}}@"},"finish_reason":null}]}{{{"\n\n"}}}""");
        chunk = [.. Encoding.ASCII.GetBytes($"{chunk.Length:x}\r\n"), .. chunk, .. "\r\n"u8];
        var time = chunk.AsSpan(Array.IndexOf(chunk, Mark) + 1, Digits);
        var due = new PriorityQueue<Socket, long>();
        while (true)
        {
            while (s_begun.TryDequeue(out var begun))
            {
                // Streams of a provider are not in step.
                due.Enqueue(begun, Stopwatch.GetTimestamp() + Random.Shared.NextInt64(s_every));
            }

            while (due.TryPeek(out var socket, out var at) && at <= Stopwatch.GetTimestamp())
            {
                Utf8Formatter.TryFormat(Stopwatch.GetTimestamp(), time, out _, new('D', Digits));
                if (Sends(socket, chunk))
                {
                    due.DequeueEnqueue(socket, at + s_every);
                }
                else
                {
                    due.Dequeue().Dispose();
                }
            }

            Thread.Sleep(1);
        }
    }

    private static bool Sends(Socket socket, byte[] chunk)
    {
        try
        {
            return socket.Send(chunk, SocketFlags.None) == chunk.Length;
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }
}
