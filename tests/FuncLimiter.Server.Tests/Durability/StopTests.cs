using System.Diagnostics;
using FuncLimiter.Server.Tests.Processes;

namespace FuncLimiter.Server.Tests.Durability;

/// <summary>A server that is asked to stop answers everybody: who waits is told at once to come again, what a provider has goes on to its end.</summary>
public sealed class StopTests
{
    private const string Call = """{"model":"gpt-x","messages":[{"role":"user","content":"Hi"}],"max_tokens":5}""";
    private const string Stream = """{"model":"claude-x","messages":[{"role":"user","content":"Hi"}],"max_tokens":40,"stream":true}""";
    private static readonly (string, string) Acme = ("x-api-key", Setup.AcmeKey);

    [Fact]
    public async Task Server_AskedToStop_TellsWhoWaitsAtOnce_AndLetsStreamsEnd()
    {
        var setup = new Setup { OpenAI = 90, Latency = TimeSpan.FromSeconds(1), PerToken = TimeSpan.FromMilliseconds(100) };
        await using var provider = await setup.StartDoubleAsync();
        using var folder = setup.Folder(provider.BaseAddress);
        await using var server = await folder.StartAsync();
        using var stream = await server.Client.SendAsync(
            Requests.Create(HttpMethod.Post, "/v1/messages", Stream, Acme), HttpCompletionOption.ResponseHeadersRead);
        var streamed = stream.Content.ReadAsStringAsync();
        var waiting = Enumerable.Range(0, 90).Select(i => AskAsync(server.Client, i)).ToArray();
        await Wait.UntilAsync(() => provider.Report().Calls >= 2);
        await Task.Delay(500);

        var begun = Stopwatch.GetTimestamp();
        var stopped = server.StopAsync();
        var answers = await Task.WhenAll(waiting);
        var text = await streamed;

        Assert.Equal(0, await stopped);
        Assert.InRange(Stopwatch.GetElapsedTime(begun), TimeSpan.Zero, TimeSpan.FromSeconds(20));
        Assert.Contains("message_stop", text, StringComparison.Ordinal);
        var told = answers.Where(answer => answer.Reply.Status == 503).ToArray();
        Assert.InRange(told.Length, 60, 90);
        Assert.All(answers, answer => Assert.Contains(answer.Reply.Status, new[] { 200, 503 }));
        Assert.All(told, answer =>
        {
            Assert.Contains("shutting_down", answer.Reply.Text, StringComparison.Ordinal);
            Assert.Equal("5", answer.Reply.Headers["Retry-After"]);
        });
        Assert.All(told, answer => Assert.InRange(Stopwatch.GetElapsedTime(begun, answer.At), TimeSpan.Zero, TimeSpan.FromSeconds(3)));
    }

    // Some of them under an idempotency key, some as reservations: all wait in the same queue.
    private static async Task<(Reply Reply, long At)> AskAsync(HttpClient client, int number)
    {
        var reply = (number % 3) switch
        {
            0 => await client.PostAsync("/v1/chat/completions", Call, Acme),
            1 => await client.PostAsync("/v1/chat/completions", Call, Acme, ("Idempotency-Key", $"key-{number}")),
            _ => await client.PostAsync("/reservations", """{"model":"gpt-x","inputTokens":5,"outputTokens":5}""", Acme),
        };
        return (reply, Stopwatch.GetTimestamp());
    }
}
