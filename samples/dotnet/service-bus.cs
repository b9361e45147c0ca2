#:package Azure.Messaging.ServiceBus@7.21.0
#:property PublishAot=false

// Events become calls: each message is one, done when there is room, and its outcome is a message too. Of FuncLimiter on Azure.
// To run it: SERVICE_BUS_CONNECTION=Endpoint=... FUNCLIMITER_KEY=... dotnet run service-bus.cs
// The queues are those of infra: agent-requests, and agent-results for the outcomes; the key is a tenant's.
// It prints: 3 of 3 tickets answered
using System.Text.Json;
using Azure.Messaging.ServiceBus;

await using var client = new ServiceBusClient(Environment.GetEnvironmentVariable("SERVICE_BUS_CONNECTION"));
await using var sender = client.CreateSender("agent-requests");
await using var receiver = client.CreateReceiver("agent-results");
var model = Environment.GetEnvironmentVariable("FUNCLIMITER_MODEL") ?? "gpt-4o-mini";
var batch = Guid.NewGuid().ToString("N");

// The id makes it once: sent again, say after a crash, the same message is the same job.
var waiting = Enumerable.Range(1, 3).Select(ticket => $"{batch}-ticket-{ticket}").ToHashSet();
await sender.SendMessagesAsync(waiting.Select(id => new ServiceBusMessage(JsonSerializer.Serialize(new
{
    path = "/v1/chat/completions",
    priority = "background",
    workflow = "samples",
    step = "dotnet/service-bus",
    body = new { model, max_tokens = 20, messages = new[] { new { role = "user", content = $"Is {id} urgent? Answer yes or no." } } },
}))
{
    MessageId = id,
    CorrelationId = id,
    ReplyTo = "agent-results",
    ApplicationProperties = { ["x-api-key"] = Environment.GetEnvironmentVariable("FUNCLIMITER_KEY") },
}));

// Whoever waits for outcomes need not be who asked, nor run all the time.
var answered = 0;
while (waiting.Count > 0 && await receiver.ReceiveMessageAsync(TimeSpan.FromMinutes(2)) is { } message)
{
    if (waiting.Remove(message.CorrelationId))
    {
        answered += JsonDocument.Parse(message.Body).RootElement.GetProperty("result").GetProperty("status").GetInt32() == 200 ? 1 : 0;
    }

    await receiver.CompleteMessageAsync(message);
}

Console.WriteLine($"{answered} of 3 tickets answered");
