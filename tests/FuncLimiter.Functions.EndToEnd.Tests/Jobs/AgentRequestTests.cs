using System.Diagnostics;
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

    /// <summary>The sample as a stranger runs it: the official client in a program of its own.</summary>
    [EndToEndFact]
    public async Task Sample_SendsEvents_AndReceivesTheirOutcomes()
    {
        var app = await RunningApp.GetAsync();
        var file = Path.Combine(Repository.Root, "samples", "dotnet", "service-bus.cs");
        var start = new ProcessStartInfo("dotnet", ["run", file]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["SERVICE_BUS_CONNECTION"] = app.Bus.ConnectionString;
        start.Environment["FUNCLIMITER_KEY"] = Setup.AcmeKey;
        start.Environment["FUNCLIMITER_MODEL"] = DialectCall.OpenAI.Model;

        using var run = Process.Start(start)!;
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        var (printed, errors) = (run.StandardOutput.ReadToEndAsync(deadline.Token), run.StandardError.ReadToEndAsync(deadline.Token));
        await run.WaitForExitAsync(deadline.Token);

        Assert.True(run.ExitCode == 0, $"{await printed}{await errors}");
        Assert.Contains($"// It prints: {(await printed).Trim()}", await File.ReadAllLinesAsync(file, deadline.Token));
    }

    private static ServiceBusMessage Message(string id, string key) => new(JobTests.Requested(DialectCall.OpenAI))
    {
        MessageId = id,
        CorrelationId = $"{id}-correlation",
        ReplyTo = "agent-results",
        ApplicationProperties = { ["x-api-key"] = key },
    };
}
