using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace FuncLimiter.Benchmarks.Load;

/// <summary>Many streams at once, and how late each chunk comes.</summary>
internal static class StreamFleet
{
    public const int Streams = 500;

    private const string Body = """{"model":"gpt-x","messages":[{"role":"user","content":"Hi"}],"stream":true,"stream_options":{"include_usage":true}}""";

    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(2);

    /// <summary>How many milliseconds after it was sent each chunk came, once all streams are there, between begin and end.</summary>
    public static async Task<IReadOnlyCollection<double>> RunAsync(int port, string key, TimeSpan time, Action begin, Action finish)
    {
        using var client = Http.Client(port, key);
        using var end = new CancellationTokenSource();
        var late = new ConcurrentBag<double>();
        var begun = 0;
        var isCounting = false;
        var streams = Enumerable.Range(0, Streams).Select(_ => ReadAsync()).ToArray();
        while (Volatile.Read(ref begun) < Streams)
        {
            await Task.Delay(50);
            if (streams.FirstOrDefault(static stream => stream.IsFaulted) is { } broken)
            {
                await broken;
            }
        }

        await Task.Delay(Settling);
        begin();
        Volatile.Write(ref isCounting, true);
        await Task.Delay(time);
        Volatile.Write(ref isCounting, false);
        finish();
        await end.CancelAsync();
        await Task.WhenAll(streams);
        return late;

        async Task ReadAsync()
        {
            try
            {
                using var response = await client.SendAsync(Http.Post(Body), HttpCompletionOption.ResponseHeadersRead, end.Token);
                response.EnsureSuccessStatusCode();
                using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(end.Token));
                var isFirst = true;
                while (await reader.ReadLineAsync(end.Token) is { } line)
                {
                    if (line.Split('@') is not [_, var sent, _])
                    {
                        continue;
                    }

                    if (isFirst)
                    {
                        isFirst = false;
                        Interlocked.Increment(ref begun);
                    }

                    if (Volatile.Read(ref isCounting))
                    {
                        late.Add(Stopwatch.GetElapsedTime(long.Parse(sent, CultureInfo.InvariantCulture)).TotalMilliseconds);
                    }
                }
            }
            catch (OperationCanceledException) when (end.IsCancellationRequested)
            {
                // The round is over.
            }
        }
    }
}

/// <summary>A client of as many connections as it is asked for.</summary>
internal static class Http
{
    public static HttpClient Client(int port, string key)
    {
        var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TimeSpan.FromMinutes(5) };
        client.DefaultRequestHeaders.Add("Authorization", $"Bearer {key}");
        return client;
    }

    public static HttpRequestMessage Post(string body, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        foreach (var (name, value) in headers)
        {
            request.Headers.Add(name, value);
        }

        return request;
    }
}
