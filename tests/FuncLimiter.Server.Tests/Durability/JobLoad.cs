using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using FuncLimiter.Server.Tests.Processes;

namespace FuncLimiter.Server.Tests.Durability;

/// <summary>One job of the load: what is asked, and under which id it was accepted.</summary>
internal sealed record LoadedJob(string Id, string Key, int Calls);

/// <summary>
/// Clients that hand in jobs until each was answered 202, and come back under the same idempotency key when the server goes away before it
/// answered.
/// </summary>
internal sealed class JobLoad(int jobs, Func<ServerProcess> server)
{
    private const int Clients = 12;
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);

    private readonly ConcurrentQueue<LoadedJob> _accepted = new();
    private int _next = -1;

    /// <summary>Jobs answered 202.</summary>
    public IReadOnlyCollection<LoadedJob> Accepted => _accepted;

    /// <summary>Hands all of them in.</summary>
    public Task RunAsync() => Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => Task.Run(HandInAsync)));

    private async Task HandInAsync()
    {
        for (var number = Interlocked.Increment(ref _next); number < jobs; number = Interlocked.Increment(ref _next))
        {
            var end = DateTime.UtcNow + Longest;
            while (!await TryHandInAsync(number))
            {
                Assert.True(DateTime.UtcNow < end, $"Job {number} was not accepted in time.");
                await Task.Delay(20);
            }
        }
    }

    private async Task<bool> TryHandInAsync(int number)
    {
        var key = number % 2 == 0 ? Setup.AcmeKey : Setup.GlobexKey;
        var calls = number % 20 == 3 ? 3 : 1;
        var (path, body, prefer) = number % 5 == 0
            ? (Path(number), Body(number, 0).ToJsonString(), "respond-async")
            : ("/jobs", calls == 1 ? Call(number, 0) : JsonSerializer.Serialize(Enumerable.Range(0, calls).Select(n => JsonDocument.Parse(Call(number, n)))), "");
        try
        {
            var reply = await server().Client.PostAsync(path, body, ("x-api-key", key), ("Idempotency-Key", $"load-{number}"), ("Prefer", prefer));
            Assert.True(reply.Status == 202, $"{reply.Status}: {reply.Text}");
            _accepted.Enqueue(new LoadedJob(reply.Json["id"]!.GetValue<string>(), key, calls));
            return true;
        }
        catch (Exception gone) when (gone is HttpRequestException or IOException or TaskCanceledException or ObjectDisposedException)
        {
            return false;
        }
    }

    private static string Call(int number, int index) => JsonSerializer.Serialize(new
    {
        path = Path(number),
        body = Body(number, index),
        priority = number % 3 == 0 ? "background" : "standard",
    });

    private static string Model(int number) => number % 10 == 1 ? "gpt-z" : number % 2 == 0 ? "gpt-x" : "claude-x";

    private static string Path(int number) => Model(number) switch
    {
        "gpt-x" => "/v1/chat/completions",
        "gpt-z" => "/openai/deployments/gpt-z/chat/completions?api-version=2024-10-21",
        _ => "/v1/messages",
    };

    private static JsonNode Body(int number, int index) => JsonSerializer.SerializeToNode(new
    {
        model = Model(number),
        max_tokens = 8,
        messages = new[] { new { role = "user", content = $"Call {index} of job {number}." } },
    })!;
}
