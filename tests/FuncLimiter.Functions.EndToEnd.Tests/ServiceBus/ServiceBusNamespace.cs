using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using System.Xml;
using Microsoft.Azure.Amqp;
using Microsoft.Azure.Amqp.Encoding;
using Microsoft.Azure.Amqp.Framing;
using Microsoft.Azure.Amqp.Sasl;
using Microsoft.Azure.Amqp.Transport;

namespace FuncLimiter.Functions.EndToEnd.Tests.ServiceBus;

/// <summary>
/// Stands in for a Service Bus namespace with queues on loopback: speaks AMQP 1.0 with the official client, as its emulator does. Has no
/// topics and no sessions, and takes every key.
/// </summary>
internal sealed class ServiceBusNamespace : IRuntimeProvider, IDisposable
{
    private const string DeadLetterSuffix = "/$DeadLetterQueue";
    private const string ManagementSuffix = "/$management";
    private const string Cbs = "$cbs";
    private const uint BatchFormat = 0x80013700;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, ServiceQueue> _queues = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, SendingAmqpLink> _answers = [];
    private readonly AmqpConnectionListener _listener;
    private readonly Timer _clock;
    private readonly int _port = FreePort();
    private long _sequence;

    /// <summary>Begins to listen.</summary>
    /// <param name="queues">The queues by their names.</param>
    public ServiceBusNamespace(IReadOnlyDictionary<string, QueueOptions> queues)
    {
        foreach (var (name, options) in queues)
        {
            var deadLetters = _queues[name + DeadLetterSuffix] = new ServiceQueue(new QueueOptions { MaxDeliveries = int.MaxValue }, null);
            _queues[name] = new ServiceQueue(options, deadLetters);
        }

        var settings = new AmqpSettings { RuntimeProvider = this };
        var sasl = new SaslTransportProvider();
        sasl.Versions.Add(new AmqpVersion(1, 0, 0));
        sasl.AddHandler(new SaslAnonymousHandler("MSSBCBS"));
        sasl.AddHandler(new SaslAnonymousHandler());
        settings.TransportProviders.Add(sasl);
        var amqp = new AmqpTransportProvider();
        amqp.Versions.Add(new AmqpVersion(1, 0, 0));
        settings.TransportProviders.Add(amqp);
        _listener = new AmqpConnectionListener(
            [$"amqp://127.0.0.1:{_port}"], settings, new AmqpConnectionSettings { ContainerId = "namespace", MaxFrameSize = 65_536 });
        _listener.Open();
        _clock = new Timer(_ => Tick(), null, TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(100));
    }

    /// <summary>What the official client is given.</summary>
    public string ConnectionString =>
        $"Endpoint=sb://127.0.0.1:{_port};SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true;";

    /// <summary>The queues that a configuration file of the emulator describes.</summary>
    public static Dictionary<string, QueueOptions> Read(string file)
    {
        var queues = JsonNode.Parse(File.ReadAllText(file))!["UserConfig"]!["Namespaces"]![0]!["Queues"]!.AsArray();
        return queues.ToDictionary(queue => (string)queue!["Name"]!, queue =>
        {
            var properties = queue!["Properties"]!;
            TimeSpan Time(string name) => XmlConvert.ToTimeSpan((string)properties[name]!);
            return new QueueOptions
            {
                LockFor = Time("LockDuration"),
                MaxDeliveries = (int)properties["MaxDeliveryCount"]!,
                TimeToLive = Time("DefaultMessageTimeToLive"),
                DuplicatesFor = (bool)properties["RequiresDuplicateDetection"]! ? Time("DuplicateDetectionHistoryTimeWindow") : TimeSpan.Zero,
                BuriesExpired = (bool)properties["DeadLetteringOnMessageExpiration"]!,
            };
        });
    }

    /// <summary>How many messages a queue holds, locked ones included.</summary>
    public int Count(string queue)
    {
        lock (_gate)
        {
            return _queues[queue].Messages.Count();
        }
    }

    public void Dispose()
    {
        _clock.Dispose();
        _listener.Close();
    }

    AmqpConnection IConnectionFactory.CreateConnection(
        TransportBase transport, ProtocolHeader protocolHeader, bool isInitiator, AmqpSettings amqpSettings, AmqpConnectionSettings connectionSettings) =>
        new(transport, protocolHeader, isInitiator, amqpSettings, connectionSettings);

    AmqpSession ISessionFactory.CreateSession(AmqpConnection connection, AmqpSessionSettings settings) => new(connection, settings, this);

    AmqpLink ILinkFactory.CreateLink(AmqpSession session, AmqpLinkSettings settings)
    {
        if (settings.Role != true)
        {
            return new SendingAmqpLink(session, settings);
        }

        settings.MaxMessageSize = 1_048_576;
        settings.TotalLinkCredit = 1000;
        settings.AutoSendFlow = true;
        return new ReceivingAmqpLink(session, settings);
    }

    IAsyncResult ILinkFactory.BeginOpenLink(AmqpLink link, TimeSpan timeout, AsyncCallback callback, object state)
    {
        var address = (link.IsReceiver ? ((Target)link.Settings.Target).Address : ((Source)link.Settings.Source).Address).ToString()!.TrimStart('/');
        var isService = address == Cbs || address.EndsWith(ManagementSuffix, StringComparison.Ordinal);
        switch (link)
        {
            case ReceivingAmqpLink requests when isService:
                requests.RegisterMessageListener(request => Answer(requests, address, request));
                break;
            case SendingAmqpLink answers when isService:
                lock (_gate)
                {
                    _answers[((Target)answers.Settings.Target).Address.ToString()!] = answers;
                }

                break;
            case ReceivingAmqpLink sent:
                sent.RegisterMessageListener(message => Take(sent, address, message));
                break;
            case SendingAmqpLink receiver:
                Attach(receiver, address);
                break;
        }

        var result = new Opened(state);
        callback?.Invoke(result);
        return result;
    }

    void ILinkFactory.EndOpenLink(IAsyncResult result)
    {
    }

    private void Tick()
    {
        lock (_gate)
        {
            foreach (var queue in _queues.Values)
            {
                queue.Tick(DateTime.UtcNow);
            }
        }
    }

    private void Take(ReceivingAmqpLink link, string address, AmqpMessage message)
    {
        lock (_gate)
        {
            if (!_queues.TryGetValue(address, out var queue))
            {
                link.DisposeMessage(message, new Rejected { Error = new Error { Condition = AmqpErrorCode.NotFound } }, true, false);
                return;
            }

            // A batch is one transfer, whose data sections are messages.
            if (message.MessageFormat == BatchFormat)
            {
                foreach (var part in message.DataBody.ToArray())
                {
                    using var one = AmqpMessage.CreateAmqpStreamMessage(new BufferListStream([new ArraySegment<byte>(QueueMessage.Bytes(part))]), true);
                    queue.Add(new QueueMessage(one, ++_sequence, DateTime.UtcNow), DateTime.UtcNow);
                }
            }
            else
            {
                queue.Add(new QueueMessage(message, ++_sequence, DateTime.UtcNow), DateTime.UtcNow);
            }
        }

        link.AcceptMessage(message, true, message.Batchable);
    }

    private void Attach(SendingAmqpLink link, string address)
    {
        lock (_gate)
        {
            var queue = _queues[address];
            queue.AddReader(link);
            link.Closed += (_, _) =>
            {
                lock (_gate)
                {
                    queue.RemoveReader(link);
                }
            };
            link.RegisterCreditListener((count, drain, _) =>
            {
                lock (_gate)
                {
                    queue.AddCredit(link, (int)count, drain, DateTime.UtcNow);
                }
            });
            link.RegisterDispositionListener(delivery =>
            {
                bool isSettled;
                lock (_gate)
                {
                    isSettled = Settle(queue, new Guid(delivery.DeliveryTag.ToArray()), delivery.State);
                }

                // A dead letter is asked for by a rejection, which is accepted. A lost lock is not found.
                link.DisposeDelivery(delivery, true, isSettled ? new Accepted() : new Rejected { Error = new Error { Condition = AmqpErrorCode.NotFound } });
            });
        }
    }

    private static bool Settle(ServiceQueue queue, Guid token, DeliveryState state)
    {
        switch (state)
        {
            case Rejected rejected:
                string? Text(string key) => rejected.Error?.Info is { } info && info.TryGetValue<string>(key, out var text) ? text : null;
                return queue.Bury(token, Text("DeadLetterReason"), Text("DeadLetterErrorDescription"), DateTime.UtcNow);
            case Modified or Released:
                return queue.Abandon(token, DateTime.UtcNow);
            default:
                return queue.Complete(token);
        }
    }

    private void Answer(ReceivingAmqpLink link, string address, AmqpMessage request)
    {
        link.AcceptMessage(request, true, false);
        var operation = request.ApplicationProperties?.Map["operation"] as string ?? "";
        AmqpMap? body = null;
        var status = HttpStatusCode.OK;
        if (operation != "put-token")
        {
            lock (_gate)
            {
                (status, body) = Manage(_queues[address[..^ManagementSuffix.Length]], operation, (AmqpMap)request.ValueBody.Value);
            }
        }

        var answer = body is null ? AmqpMessage.Create() : AmqpMessage.Create(new AmqpValue { Value = body });
        answer.Properties.CorrelationId = request.Properties.MessageId;
        answer.ApplicationProperties = new ApplicationProperties();
        var told = answer.ApplicationProperties.Map;
        told["status-code"] = told["statusCode"] = (int)status;
        told["status-description"] = told["statusDescription"] = operation;
        if (status == HttpStatusCode.Gone)
        {
            told["errorCondition"] = told["error-condition"] = new AmqpSymbol("com.microsoft:message-lock-lost");
        }

        SendingAmqpLink? receiver;
        lock (_gate)
        {
            _answers.TryGetValue(request.Properties.ReplyTo?.ToString() ?? "", out receiver);
        }

        receiver?.SendMessageNoWait(answer, new ArraySegment<byte>(Guid.NewGuid().ToByteArray()), default);
    }

    private static (HttpStatusCode Status, AmqpMap Body) Manage(ServiceQueue queue, string operation, AmqpMap asked)
    {
        string? Text(string key) => asked.TryGetValue<string>(new MapKey(key), out var text) ? text : null;
        var tokens = asked.TryGetValue<Guid[]>(new MapKey("lock-tokens"), out var locks) ? locks : [];
        var now = DateTime.UtcNow;
        AmqpMap body = [];
        switch (operation)
        {
            case "com.microsoft:renew-lock":
                var renewed = tokens.Select(token => queue.Renew(token, now)).OfType<DateTime>().ToArray();
                body[new MapKey("expirations")] = renewed;
                return (renewed.Length == tokens.Length ? HttpStatusCode.OK : HttpStatusCode.Gone, body);
            case "com.microsoft:update-disposition":
                var isSettled = tokens.All(token => Text("disposition-status") switch
                {
                    "abandoned" => queue.Abandon(token, now),
                    "suspended" => queue.Bury(token, Text("deadletter-reason"), Text("deadletter-description"), now),
                    _ => queue.Complete(token),
                });
                return (isSettled ? HttpStatusCode.OK : HttpStatusCode.Gone, body);
            default:
                return (HttpStatusCode.NotImplemented, body);
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private sealed class Opened(object? state) : IAsyncResult
    {
        public object? AsyncState => state;

        public WaitHandle AsyncWaitHandle => ((IAsyncResult)Task.CompletedTask).AsyncWaitHandle;

        public bool CompletedSynchronously => true;

        public bool IsCompleted => true;
    }
}
