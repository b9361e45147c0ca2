using Microsoft.Azure.Amqp;

namespace FuncLimiter.Functions.EndToEnd.Tests.ServiceBus;

/// <summary>How a queue is set up; times are at least a few seconds.</summary>
internal sealed record QueueOptions
{
    public TimeSpan LockFor { get; init; } = TimeSpan.FromMinutes(1);

    public int MaxDeliveries { get; init; } = 10;

    /// <summary>How long a message is kept at most.</summary>
    public TimeSpan TimeToLive { get; init; } = TimeSpan.MaxValue;

    /// <summary>How long ids are remembered; zero where duplicates are taken.</summary>
    public TimeSpan DuplicatesFor { get; init; }

    /// <summary>Whether what has outlived its time becomes a dead letter, or is just gone.</summary>
    public bool BuriesExpired { get; init; }
}

/// <summary>
/// A queue: delivers under locks, counts deliveries, forgets duplicates, lets messages expire and keeps dead letters. Every member is
/// called under the namespace's lock.
/// </summary>
internal sealed class ServiceQueue(QueueOptions options, ServiceQueue? deadLetters)
{
    private readonly LinkedList<QueueMessage> _waiting = [];
    private readonly Dictionary<Guid, QueueMessage> _locked = [];
    private readonly Dictionary<string, DateTime> _seen = [];
    private readonly List<Reader> _readers = [];

    public IEnumerable<QueueMessage> Messages => _waiting.Concat(_locked.Values);

    public void Add(QueueMessage message, DateTime now)
    {
        if (options.DuplicatesFor > TimeSpan.Zero && message.Id is { } id)
        {
            if (_seen.TryGetValue(id, out var until) && until > now)
            {
                return;
            }

            _seen[id] = now + options.DuplicatesFor;
        }

        _waiting.AddLast(message);
        Deliver(now);
    }

    public void AddReader(SendingAmqpLink link) => _readers.Add(new Reader(link));

    public void RemoveReader(SendingAmqpLink link) => _readers.RemoveAll(reader => reader.Link == link);

    /// <summary>A receiver asks for so many messages more.</summary>
    public void AddCredit(SendingAmqpLink link, int count, bool drain, DateTime now)
    {
        if (_readers.Find(reader => reader.Link == link) is not { } reader)
        {
            return;
        }

        reader.Credit += count;
        Deliver(now);
        if (drain)
        {
            reader.Credit = 0;
        }
    }

    /// <summary>What time brings: locks that ran out, messages that expired, messages whose time has come.</summary>
    public void Tick(DateTime now)
    {
        foreach (var message in _locked.Values.Where(message => message.LockedUntil < now).ToArray())
        {
            Return(message, now);
        }

        foreach (var message in _waiting.Where(message => now - message.Enqueued > (message.TimeToLive < options.TimeToLive ? message.TimeToLive.Value : options.TimeToLive)).ToArray())
        {
            _waiting.Remove(message);
            if (options.BuriesExpired)
            {
                Bury(message, "TTLExpiredException", "The message expired and was dead lettered.", now);
            }
        }

        Deliver(now);
    }

    /// <summary>Keeps a message locked for longer.</summary>
    /// <returns>Until when; null where the lock is lost.</returns>
    public DateTime? Renew(Guid token, DateTime now) => _locked.TryGetValue(token, out var message) ? message.LockedUntil = now + options.LockFor : null;

    /// <returns>False where the lock is lost.</returns>
    public bool Complete(Guid token) => _locked.Remove(token);

    /// <returns>False where the lock is lost.</returns>
    public bool Abandon(Guid token, DateTime now)
    {
        if (!_locked.TryGetValue(token, out var message))
        {
            return false;
        }

        Return(message, now);
        return true;
    }

    /// <returns>False where the lock is lost.</returns>
    public bool Bury(Guid token, string? reason, string? description, DateTime now)
    {
        if (!_locked.Remove(token, out var message))
        {
            return false;
        }

        Bury(message, reason, description, now);
        return true;
    }

    private void Deliver(DateTime now)
    {
        foreach (var message in _waiting.Where(message => message.Enqueued <= now).ToArray())
        {
            if (_readers.Find(reader => reader.Credit > 0) is not { } reader)
            {
                return;
            }

            _waiting.Remove(message);
            reader.Credit--;
            message.Deliveries++;
            message.Lock = Guid.NewGuid();
            message.LockedUntil = now + options.LockFor;
            if (reader.Link.Settings.SettleType != SettleMode.SettleOnSend)
            {
                _locked[message.Lock] = message;
            }

            reader.Link.SendMessageNoWait(message.ForDelivery(), new ArraySegment<byte>(message.Lock.ToByteArray()), default);
        }
    }

    private void Return(QueueMessage message, DateTime now)
    {
        _locked.Remove(message.Lock);
        if (message.Deliveries < options.MaxDeliveries)
        {
            _waiting.AddFirst(message);
            Deliver(now);
            return;
        }

        Bury(message, "MaxDeliveryCountExceeded", $"Message could not be consumed after {options.MaxDeliveries} delivery attempts.", now);
    }

    private void Bury(QueueMessage message, string? reason, string? description, DateTime now)
    {
        (message.DeadLetter, message.Deliveries) = ((reason, description), 0);
        deadLetters?.Add(message, now);
    }

    private sealed class Reader(SendingAmqpLink link)
    {
        public SendingAmqpLink Link { get; } = link;

        public int Credit { get; set; }
    }
}
