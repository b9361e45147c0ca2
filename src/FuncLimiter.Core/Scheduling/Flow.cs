using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Scheduling;

/// <summary>The calls of one tenant that wait in one class of one lane. Its users take turns, so that one at its cap holds up nobody else.</summary>
internal sealed class Flow(Lane lane, ServiceClock clock, int priority)
{
    private readonly LinkedList<UserQueue> turns = [];
    private readonly Dictionary<User, UserQueue> byUser = [];
    private readonly PriorityQueue<UserQueue, long> heldByTime = new();
    private UserQueue? unlimited;
    private WorkAhead waiting;

    public Lane Lane { get; } = lane;

    public ServiceClock Clock { get; } = clock;

    public int Priority { get; } = priority;

    /// <summary>The place in the lane's heap, or -1.</summary>
    public int HeapIndex { get; set; } = -1;

    /// <summary>True from the first waiting call to the last, also while held up.</summary>
    public bool IsBacklogged { get; set; }

    /// <summary>True while the tenant's own budget, or all its waiting users', hold it up.</summary>
    public bool IsHeldUp { get; set; }

    /// <summary>When its pool looks at it again at the latest while it is held up; <see cref="Instant.Unknown"/> for not by time.</summary>
    public Instant WakesAt { get; set; } = Instant.Unknown;

    /// <summary>What waits.</summary>
    public ref readonly WorkAhead Waiting => ref waiting;

    /// <summary>How many calls wait.</summary>
    public int Count => waiting.Calls;

    /// <summary>How many of them stand for callers who are to come back.</summary>
    public int Booked { get; private set; }

    public Tenant Tenant => Clock.Tenant;

    public Call? Oldest
    {
        get
        {
            Call? oldest = null;
            foreach (var queue in unlimited is null ? byUser.Values : byUser.Values.Append(unlimited))
            {
                if (queue.Calls.FirstOrDefault(call => call.Booking is null) is { } first && (oldest is null || first.SubmittedAt < oldest.SubmittedAt))
                {
                    oldest = first;
                }
            }

            return oldest;
        }
    }

    public void Enqueue(Call call)
    {
        var queue = call.OwnerUser is { } user ? QueueOf(user) : unlimited ??= new(this, null);
        if (queue.Calls.Count == 0)
        {
            turns.AddLast(queue.Turn);
        }

        // Whoever has been told a time goes before those who came after that, and after those who waited already.
        var behind = queue.Calls.First;
        while (call.BookedAt.IsKnown && behind is not null
            && (behind.Value.BookedAt.IsKnown ? behind.Value.BookedAt <= call.BookedAt : behind.Value.SubmittedAt <= call.BookedSince))
        {
            behind = behind.Next;
        }

        if (call.BookedAt.IsKnown && behind is not null)
        {
            queue.Calls.AddBefore(behind, call.Node);
        }
        else
        {
            queue.Calls.AddLast(call.Node);
        }

        call.Queue = queue;
        waiting.Add(call.Cost, call.Load);
        queue.User?.Waiting[Priority].Add(call.UserCost, call.Consumer);
        call.OwnerRoute?.Waiting[Priority].Add(call.RouteCost, call.Consumer);
        Tenant.Waiting[Priority].Add(call.TenantCost, call.Consumer);
        Booked += call.Booking is null ? 0 : 1;
    }

    public void Remove(Call call)
    {
        var queue = call.Queue!;
        queue.Calls.Remove(call.Node);
        call.Queue = null;
        waiting.Remove(call.Cost, call.Load);
        queue.User?.Waiting[Priority].Remove(call.UserCost, call.Consumer);
        call.OwnerRoute?.Waiting[Priority].Remove(call.RouteCost, call.Consumer);
        Tenant.Waiting[Priority].Remove(call.TenantCost, call.Consumer);
        Booked -= call.Booking is null ? 0 : 1;
        if (queue.Calls.Count == 0)
        {
            if (queue.Turn.List is not null)
            {
                turns.Remove(queue.Turn);
            }

            if (queue.User is { } user)
            {
                user.HeldUp.Remove(queue);
                byUser.Remove(user);
            }
        }
    }

    /// <summary>After a call went out: the next user's turn.</summary>
    public void PassTurn(UserQueue queue)
    {
        if (queue.Calls.Count > 0 && turns.Count > 1 && queue.Turn.List is not null)
        {
            turns.Remove(queue.Turn);
            turns.AddLast(queue.Turn);
        }
    }

    /// <summary>
    /// The call whose turn it is and that its user and tenant have room for; otherwise null and when to look again
    /// (<see cref="Instant.Unknown"/>: after a settlement). Users without room step aside until they have some.
    /// </summary>
    public Call? Next(Instant now, out Instant lookAgain)
    {
        while (heldByTime.TryPeek(out var due, out var ticks) && ticks <= now.Ticks)
        {
            heldByTime.Dequeue();
            due.WakesAt = Instant.Unknown;
            Resume(due);
        }

        while (turns.First is { } turn)
        {
            var call = turn.Value.Calls.First!.Value;
            lookAgain = Tenant.Budget.FitsAt(call.Consumer, call.ConsumerCertain, now);
            lookAgain = call.OwnerRoute is not { } route ? lookAgain : Instant.Max(lookAgain, route.Budget.FitsAt(call.Consumer, call.ConsumerCertain, now));
            if (lookAgain > now)
            {
                return null;
            }

            lookAgain = turn.Value.User?.FitsAt(call.Consumer, call.ConsumerCertain, now) ?? now;
            if (lookAgain <= now)
            {
                return call;
            }

            turns.RemoveFirst();
            turn.Value.User!.HeldUp.Add(turn.Value);
            if (lookAgain < turn.Value.WakesAt)
            {
                turn.Value.WakesAt = lookAgain;
                heldByTime.Enqueue(turn.Value, lookAgain.Ticks);
            }
        }

        lookAgain = heldByTime.TryPeek(out _, out var next) ? new(next) : Instant.Unknown;
        return null;
    }

    /// <summary>A user that stepped aside may try again, after the others.</summary>
    public void Resume(UserQueue queue)
    {
        if (queue.User is { } user && user.HeldUp.Remove(queue))
        {
            turns.AddLast(queue.Turn);
        }
    }

    private UserQueue QueueOf(User user)
    {
        if (!byUser.TryGetValue(user, out var queue))
        {
            byUser.Add(user, queue = new(this, user));
        }

        return queue;
    }
}

/// <summary>One user's waiting calls, first come first served.</summary>
internal sealed class UserQueue
{
    public UserQueue(Flow flow, User? user)
    {
        Flow = flow;
        User = user;
        Turn = new(this);
    }

    public Flow Flow { get; }

    public User? User { get; }

    public LinkedList<Call> Calls { get; } = [];

    public LinkedListNode<UserQueue> Turn { get; }

    /// <summary>When the flow looks at it again at the latest while it has stepped aside; <see cref="Instant.Unknown"/> for not by time.</summary>
    public Instant WakesAt { get; set; } = Instant.Unknown;
}
