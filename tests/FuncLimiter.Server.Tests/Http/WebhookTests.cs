using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using FuncLimiter.Server.Tests.Processes;

namespace FuncLimiter.Server.Tests.Http;

/// <summary>Outcomes are sent, signed, until the receiver takes them.</summary>
public sealed class WebhookTests(PromptSetup setup) : IClassFixture<PromptSetup>
{
    [Fact]
    public async Task Webhook_WhenTheJobEnds_CarriesTheJobSigned()
    {
        await using var receiver = await WebhookReceiver.StartAsync();

        var job = await PostAsync(receiver.Address);
        var delivery = Assert.Single(await receiver.UntilAsync(1));

        Assert.Equal(job.Json["id"]!.GetValue<string>(), delivery.Id);
        Assert.Equal(Signature(delivery), delivery.Signature);
        Assert.InRange(DateTimeOffset.UtcNow.ToUnixTimeSeconds() - long.Parse(delivery.Timestamp), -1, 60);
        var sent = JsonNode.Parse(delivery.Body)!;
        Assert.Equal("done", sent["state"]!.GetValue<string>());
        Assert.Equal(200, sent["result"]!["status"]!.GetValue<int>());
        await StateAsync(job, "delivered", 1);
    }

    [Fact]
    public async Task Webhook_ThatIsNotTaken_IsSentAgainUnderTheSameId()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        receiver.Answers = [500, 204];

        var job = await PostAsync(receiver.Address);
        var deliveries = await receiver.UntilAsync(2);

        Assert.Single(deliveries.Select(delivery => delivery.Id).Distinct());
        Assert.All(deliveries, delivery => Assert.Equal(Signature(delivery), delivery.Signature));
        await StateAsync(job, "delivered", 2);
    }

    [Fact]
    public async Task Webhook_WhoseReceiverIsGoneForGood_IsGivenUp()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        receiver.Answers = [410];

        var job = await PostAsync(receiver.Address);
        await receiver.UntilAsync(1);

        await StateAsync(job, "failed", 1);
    }

    [Fact]
    public async Task Webhook_WhenTheServerIsKilledBeforeItIsTaken_IsSentByTheNext()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var provider = await new Setup { Latency = TimeSpan.FromMilliseconds(500) }.StartDoubleAsync();
        using var folder = new Setup().Folder(provider.BaseAddress);
        var before = await folder.StartAsync();
        var job = await before.Client.PostAsync("/jobs", Job(receiver.Address), ("x-api-key", Setup.AcmeKey));
        Assert.Equal(202, job.Status);
        await before.KillAsync();
        await before.DisposeAsync();
        Assert.Empty(receiver.All);

        await using var after = await folder.StartAsync();
        var delivery = Assert.Single(await receiver.UntilAsync(1));

        Assert.Equal(job.Json["id"]!.GetValue<string>(), delivery.Id);
    }

    [Theory]
    [InlineData("ftp://example.com/hook", "invalid_webhook")]
    [InlineData("nonsense", "invalid_webhook")]
    [InlineData("https://user:secret@example.com/hook", "invalid_webhook")]
    public async Task Webhook_ThatCannotBe_IsRefused(string address, string word)
    {
        var reply = await PostAsync(address);

        Assert.Equal((400, word), (reply.Status, DialectCall.OpenAI.Word(reply)));
    }

    [Fact]
    public async Task Webhook_OfATenantWithoutASecret_IsRefused()
    {
        var reply = await setup.Client.PostAsync("/jobs", Job("https://example.com/hook"), ("x-api-key", Setup.GlobexKey));

        Assert.Equal((400, "no_webhook_secret"), (reply.Status, DialectCall.OpenAI.Word(reply)));
    }

    [Fact]
    public async Task Webhook_ToAPrivateNetwork_IsRefusedUnlessConfigured()
    {
        var closed = new Setup { Jobs = new { } };
        await using var provider = await closed.StartDoubleAsync();
        using var folder = closed.Folder(provider.BaseAddress);
        await using var server = await folder.StartAsync();

        foreach (var address in new[] { "http://127.0.0.1/hook", "http://localhost/hook", "http://10.1.2.3/hook", "http://[::1]/hook", "http://169.254.169.254/latest" })
        {
            var reply = await server.Client.PostAsync("/jobs", Job(address), ("x-api-key", Setup.AcmeKey));

            Assert.Equal((400, "invalid_webhook"), (reply.Status, DialectCall.OpenAI.Word(reply)));
        }
    }

    private static string Job(string address) =>
        $$"""{"path":"/v1/chat/completions","body":{{DialectCall.OpenAI.Body()}},"webhook":"{{address}}"}""";

    // By the words of the Standard Webhooks specification, not by the server's code.
    private static string Signature(Received delivery)
    {
        var secret = Convert.FromBase64String(Setup.WebhookSecret["whsec_".Length..]);
        byte[] signed = [.. Encoding.UTF8.GetBytes($"{delivery.Id}.{delivery.Timestamp}."), .. delivery.Body];
        return "v1," + Convert.ToBase64String(HMACSHA256.HashData(secret, signed));
    }

    private Task<Reply> PostAsync(string address) => setup.Client.PostAsync("/jobs", Job(address), ("x-api-key", Setup.AcmeKey));

    private async Task StateAsync(Reply job, string state, int attempts)
    {
        JsonNode webhook;
        var end = DateTime.UtcNow + TimeSpan.FromSeconds(30);
        do
        {
            webhook = (await setup.Client.FetchAsync(job.Headers["Location"], ("x-api-key", Setup.AcmeKey))).Json["webhook"]!;
            await Task.Delay(20);
        }
        while (webhook["state"]!.GetValue<string>() == "pending" && DateTime.UtcNow < end);

        Assert.Equal((state, attempts), (webhook["state"]!.GetValue<string>(), webhook["attempts"]!.GetValue<int>()));
    }
}
