using System.Collections.Concurrent;
using Azure.Messaging.ServiceBus;
using FuncLimiter.Functions.Host.Protocol;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Azure.ServiceBus.Grpc;
using Value = FuncLimiter.Functions.Host.Protocol.Value;

namespace FuncLimiter.Functions.Host;

/// <summary>
/// Takes messages out of queues and starts functions with them: locked, the lock renewed while the function runs, abandoned where it fails,
/// and settled by the host where the function asks for that. Its options are those of <c>extensions/serviceBus</c> in <c>host.json</c>.
/// </summary>
internal sealed class QueuePump(WorkerProcess worker, QueuePump.Held held, IConfiguration configuration) : IHostedService
{
    private readonly List<ServiceBusClient> _clients = [];
    private readonly List<ServiceBusProcessor> _processors = [];

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var section = configuration.GetSection($"{HostJson.Section}:extensions:serviceBus");
        var options = new ServiceBusProcessorOptions
        {
            AutoCompleteMessages = false,
            PrefetchCount = section.GetValue("prefetchCount", 0),
            MaxConcurrentCalls = section.GetValue("maxConcurrentCalls", 16),
            MaxAutoLockRenewalDuration = section.GetValue("maxAutoLockRenewalDuration", TimeSpan.FromMinutes(5)),
        };
        foreach (var function in worker.Functions.Values.Where(function => function.IsStartedBy("serviceBusTrigger")))
        {
            var client = new ServiceBusClient(configuration[function.Property("connection")!]);
            var processor = client.CreateProcessor(function.Property("queueName"), options);
            processor.ProcessMessageAsync += delivery => TakeAsync(function, delivery);
            processor.ProcessErrorAsync += failure =>
            {
                Log.Write($"{function.Name}: {failure.ErrorSource}: {failure.Exception.Message}");
                return Task.CompletedTask;
            };
            _clients.Add(client);
            _processors.Add(processor);
            await processor.StartProcessingAsync(cancellationToken);
        }
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll(_processors.Select(processor => processor.StopProcessingAsync(cancellationToken)));
        foreach (var client in _clients)
        {
            await client.DisposeAsync();
        }
    }

    private async Task TakeAsync(WorkerFunction function, ProcessMessageEventArgs delivery)
    {
        var message = delivery.Message;
        var content = Guid.Parse(message.LockToken).ToByteArray().Concat(message.GetRawAmqpMessage().ToBytes().ToArray()).ToArray();
        var input = new Value
        {
            ModelBindingData = new ModelValue
            {
                Version = "1.0",
                Source = "AzureServiceBusReceivedMessage",
                ContentType = "application/octet-stream",
                Content = ByteString.CopyFrom(content),
            },
        };
        held[message.LockToken] = delivery;
        try
        {
            // The processor abandons what throws here.
            await worker.HttpAddress.WaitAsync(delivery.CancellationToken);
            WorkerProcess.Check((await worker.Begin(function.Name, input, new Dictionary<string, string>(), delivery.CancellationToken).Answer).Result);
        }
        finally
        {
            held.TryRemove(message.LockToken, out _);
        }
    }

    /// <summary>The messages whose functions run, by the tokens of their locks.</summary>
    internal sealed class Held : ConcurrentDictionary<string, ProcessMessageEventArgs>;

    /// <summary>Settles messages for functions.</summary>
    internal sealed class Service(Held held) : Settlement.SettlementBase
    {
        public override Task<Empty> Complete(CompleteRequest request, ServerCallContext context) =>
            SettleAsync(request.Locktoken, delivery => delivery.CompleteMessageAsync(delivery.Message));

        public override Task<Empty> Abandon(AbandonRequest request, ServerCallContext context) =>
            SettleAsync(request.Locktoken, delivery => delivery.AbandonMessageAsync(delivery.Message));

        public override Task<Empty> Deadletter(DeadletterRequest request, ServerCallContext context) => SettleAsync(
            request.Locktoken, delivery => delivery.DeadLetterMessageAsync(delivery.Message, request.DeadletterReason, request.DeadletterErrorDescription));

        private async Task<Empty> SettleAsync(string token, Func<ProcessMessageEventArgs, Task> settleAsync)
        {
            if (!held.TryGetValue(token, out var delivery))
            {
                throw new RpcException(new Status(StatusCode.FailedPrecondition, $"No message is held under {token}."));
            }

            await settleAsync(delivery);
            return new Empty();
        }
    }
}
