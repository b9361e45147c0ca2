using System.Text.Json.Nodes;
using Azure.Messaging.ServiceBus;
using FuncLimiter.Functions.EndToEnd.Tests.Hosting;
using FuncLimiter.Server.Tests.Http;
using FuncLimiter.Server.Tests.Processes;

namespace FuncLimiter.Functions.EndToEnd.Tests.Jobs;

/// <summary>Jobs as messages: sent by the official client, pumped and settled by the host, answered by the app's own client.</summary>
public sealed class AgentRequestTests
{
    [EndToEndFact]
    public async Task Messages_AreAnsweredInTheReplyQueue_Duplicates_Once_AndPoisonIsADeadLetter()
    {
        var app = await RunningApp.GetAsync();
        await using var client = new ServiceBusClient(app.Bus.ConnectionString);
        await using var sender = client.CreateSender("agent-requests");
        await using var replies = client.CreateReceiver("agent-results");
        await using var dead = client.CreateReceiver("agent-requests", new ServiceBusReceiverOptions { SubQueue = SubQueue.DeadLetter });

        await sender.SendMessagesAsync([Message("good", Setup.AcmeKey), Message("good", Setup.AcmeKey), Message("poison", "nobody's")]);
        var reply = await replies.ReceiveMessageAsync(AppProcess.Longest);
        await replies.CompleteMessageAsync(reply);
        var letter = await dead.ReceiveMessageAsync(AppProcess.Longest);
        await dead.CompleteMessageAsync(letter);

        Assert.Equal("good-correlation", reply.CorrelationId);
        var outcome = JsonNode.Parse(reply.Body)!;
        Assert.Equal(("done", 200), (outcome["state"]!.GetValue<string>(), outcome["result"]!["status"]!.GetValue<int>()));
        Assert.Equal(("poison", "invalid_api_key"), (letter.MessageId, letter.DeadLetterReason));
        await Wait.UntilAsync(() => app.Bus.Count("agent-requests") == 0);
        Assert.Null(await replies.ReceiveMessageAsync(TimeSpan.FromSeconds(3)));
    }

    private static ServiceBusMessage Message(string id, string key) => new(JobTests.Requested(DialectCall.OpenAI))
    {
        MessageId = id,
        CorrelationId = $"{id}-correlation",
        ReplyTo = "agent-results",
        ApplicationProperties = { ["x-api-key"] = key },
    };
}
