using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;

namespace FuncLimiter.Benchmarks.Load;

/// <summary>Many more callers than can be served, each of whom comes again at once.</summary>
internal static class Crowd
{
    public const string Name = "ten times too many";
    public const int Places = 40;
    public const int Callers = 10 * Places;

    /// <summary>A call that is answered at once, and not after a tenth of a second.</summary>
    public const string AtOnce = """{"model":"gpt-x","messages":[{"role":"user","content":"at once"}],"max_tokens":5}""";

    private const string Body = """{"model":"gpt-x","messages":[{"role":"user","content":"Hi"}],"max_tokens":5}""";

    /// <summary>How a crowd fared.</summary>
    /// <param name="Served">Milliseconds of each answer.</param>
    /// <param name="Refused">Milliseconds of each refusal.</param>
    /// <param name="Failed">What was neither.</param>
    public sealed record Outcome(IReadOnlyCollection<double> Served, IReadOnlyCollection<double> Refused, int Failed);

    public static async Task<Outcome> RunAsync(int port, string key, int callers, TimeSpan time, Action? eachSecond, string body = Body, TimeSpan? pause = null)
    {
        using var client = Http.Client(port, key);
        var (served, refused, failed) = (new ConcurrentBag<double>(), new ConcurrentBag<double>(), 0);
        using var end = new CancellationTokenSource(time);
        var crowd = Enumerable.Range(0, callers).Select(_ => CallAsync()).ToArray();
        while (!end.IsCancellationRequested && eachSecond is not null)
        {
            await Task.Delay(1000);
            eachSecond();
        }

        await Task.WhenAll(crowd);
        return new(served, refused, failed);

        async Task CallAsync()
        {
            while (!end.IsCancellationRequested)
            {
                var begun = Stopwatch.GetTimestamp();
                try
                {
                    using var response = await client.SendAsync(Http.Post(body, ("Prefer", "wait=0")), CancellationToken.None);
                    var bag = response.StatusCode == HttpStatusCode.OK ? served : response.StatusCode == HttpStatusCode.TooManyRequests ? refused : null;
                    bag?.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
                    Interlocked.Add(ref failed, bag is null ? 1 : 0);
                    if (bag != served)
                    {
                        // Agents that come again without a pause measure the client alone.
                        await Task.Delay(pause ?? TimeSpan.FromMilliseconds(200));
                    }
                }
                catch (HttpRequestException)
                {
                    Interlocked.Increment(ref failed);
                }
            }
        }
    }

    /// <summary>How long it takes until five calls in a row are served within half a second each.</summary>
    public static async Task<TimeSpan> NormalAsync(int port, string key)
    {
        using var client = Http.Client(port, key);
        var clock = Stopwatch.StartNew();
        for (var inARow = 0; inARow < 5;)
        {
            var begun = Stopwatch.GetTimestamp();
            using var response = await client.SendAsync(Http.Post(Body));
            inARow = response.IsSuccessStatusCode && Stopwatch.GetElapsedTime(begun) < TimeSpan.FromMilliseconds(500) ? inARow + 1 : 0;
        }

        return clock.Elapsed;
    }
}
