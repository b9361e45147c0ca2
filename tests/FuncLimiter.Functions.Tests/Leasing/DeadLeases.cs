using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Leasing;
using FuncLimiter.Functions.Entities;
using FuncLimiter.Functions.Tests.Harness;
using FuncLimiter.Functions.Tests.World;
using FuncLimiter.Gateway.Calls.Admission;

namespace FuncLimiter.Functions.Tests.Leasing;

/// <summary>
/// What leases of instances that died keep from all others, read from the owner's own books: no way of lending could use that part of the
/// limit before those leases have ended, and an ask made after their end has come to the owner.
/// </summary>
internal sealed class DeadLeases(AppWorld world, string scope, string budget, TimeSpan handOver)
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(0.25);

    private readonly Dictionary<Worker, string> _names = [];
    private readonly HashSet<string> _dead = [];
    private readonly Dictionary<string, (double Rate, Instant EndsAt)> _held = [];

    /// <summary>Units of the budget's first limit that nobody could have had.</summary>
    public double Units { get; private set; }

    public int Deaths => _dead.Count;

    /// <summary>Finds out under which name an instance asks.</summary>
    public ILeaseOwners Watch(Worker instance, ILeaseOwners owners) => new Watched(owners, name => _names[instance] = name);

    public void Died(Worker instance)
    {
        if (_names.TryGetValue(instance, out var name))
        {
            _dead.Add(name);
        }
    }

    /// <summary>Begins to count, until an instant.</summary>
    public void Count(DateTimeOffset until)
    {
        for (var at = world.Time.GetUtcNow() + Every; at < until; at += Every)
        {
            world.Time.At(at, Look);
        }
    }

    private void Look()
    {
        if (_dead.Count == 0)
        {
            return;
        }

        var now = Instant.From(world.Time.GetUtcNow());
        var state = Wire.Read<OwnerState>(world.Hub.Entity(BudgetOperations.Owner(scope)).State)!;
        foreach (var tenure in ScopeRecord.Unpack(state.Packed)!.Owner.Books[budget].Tenures.Where(tenure => _dead.Contains(tenure.Instance)))
        {
            _held[tenure.Instance] = (Math.Max(tenure.Lines[0].Rate, tenure.Answer!.Lines[0].Rate), tenure.Answer.ExpiresAt + handOver);
        }

        Units += _held.Values.Where(held => held.EndsAt > now).Sum(held => held.Rate) * Every.TotalSeconds;
    }

    private sealed class Watched(ILeaseOwners owners, Action<string> asks) : ILeaseOwners
    {
        public Task<ScopeAnswer?> AskAsync(ScopeAsk ask, CancellationToken cancellationToken)
        {
            asks(ask.Budgets[0].Ask.Instance);
            return owners.AskAsync(ask, cancellationToken);
        }
    }
}
