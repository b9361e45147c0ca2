namespace FuncLimiter.Server.Tests.Field;

/// <summary>While a call waits for room its connection is kept busy.</summary>
[Collection(TimesCases.Name)]
public sealed class WaitingTests(TimesSetup setup)
{
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LeastWait = TimeSpan.FromSeconds(20);

    internal static FieldCase[] Cases =>
    [
        new("waiting-stream", "openai") { Limits = new { rpm = 2, tpm = 5_000_000 } },
        new("waiting-whole", "openai") { Limits = new { rpm = 2, tpm = 5_000_000 } },
    ];

    internal static void Begin(FieldServer server, BeginCase begin)
    {
        begin("waiting-stream", one => ThreeAsync(server, one, FieldBodies.Streamed(FieldBodies.Chat(one))));
        begin("waiting-whole", one => ThreeAsync(server, one, FieldBodies.Chat(one)));
    }

    [Fact]
    public async Task Stream_ThatWaits_HasCommentsUntilItBegins()
    {
        var reply = await ThirdAsync("waiting-stream");

        Assert.True(reply.LongestSilence < LongestSilence, $"{reply.LongestSilence}: {reply}");
        var events = reply.Text.Split("\n\n");
        Assert.Contains(events, text => text.StartsWith(':'));
        var steps = FieldAnswers.StreamOf(setup.Server["waiting-stream"].A.Requests[2] with { Body = [] });
        Assert.Equal(string.Concat(steps.OfType<string>()), string.Join("\n\n", events.Where(text => !text.StartsWith(':'))));
    }

    [Fact]
    public async Task WholeAnswer_ThatWasWaitedFor_IsOneJsonBody()
    {
        var reply = await ThirdAsync("waiting-whole");

        Assert.StartsWith("application/json", reply.Header("Content-Type"), StringComparison.Ordinal);
        Assert.StartsWith("from", reply.Json["choices"]![0]!["message"]!["content"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    private static async Task<IReadOnlyList<FieldReply>> ThreeAsync(FieldServer server, FieldCase one, string body)
    {
        var replies = new List<FieldReply>();
        for (var call = 0; call < 3; call++)
        {
            replies.Add(await server.PostAsync(one, FieldBodies.ChatPath, body));
        }

        return replies;
    }

    private async Task<FieldReply> ThirdAsync(string name)
    {
        var replies = await setup.RepliesAsync(name);

        Assert.All(replies, reply => Assert.True(reply.Status == 200, reply.ToString()));
        Assert.All(replies.Take(2), reply => Assert.True(reply.Took < TimeSpan.FromSeconds(5), reply.ToString()));
        var requests = setup.Server[name].A.Requests;
        Assert.Equal(3, requests.Count);
        Assert.True(requests[2].At - requests[1].At >= LeastWait, $"{requests[2].At - requests[1].At}");
        return replies[2];
    }
}
