using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Tests.Invariants;

/// <summary>
/// Priority without starvation: while a class waits it gets at least its floor of all service, and while a higher one waits at most that,
/// each to within two calls, over every span of time.
/// </summary>
internal sealed class PriorityOracle(World world) : Oracle
{
    private const int Classes = 3;
    private readonly Dimension dimension = world.Spec.Deployments[0].Limits[0].Dimension is Dimension.Tokens ? Dimension.Tokens : Dimension.Requests;
    private readonly IReadOnlyList<double> floors = new QueuePolicy().Floor;
    private readonly int[] waiting = new int[Classes];
    private readonly double[] most = new double[Classes];
    private readonly double[] least = new double[Classes];
    private readonly double[] service = new double[Classes];
    private double largest;

    public override void Submitted(Ask ask, Moment now)
    {
        var mine = (int)ask.Priority;
        largest = Math.Max(largest, ask.Provider[0][dimension]);
        waiting[mine]++;
    }

    public override void Admitted(Ask ask, int place, Moment now)
    {
        var mine = (int)ask.Priority;
        var total = service.Sum();
        service[mine] += ask.Provider[place][dimension];
        for (var i = 1; i < Classes; i++)
        {
            Follow(i, total, ask);
        }

        waiting[mine]--;
    }

    public override void Cancelled(Ask ask, Moment now) => waiting[(int)ask.Priority]--;

    // What a class is ahead of its floor may not fall by more than two calls while it waits, nor rise by more while a higher one does.
    private void Follow(int i, double totalBefore, Ask ask)
    {
        var served = ask.Provider[0][dimension];
        var (before, after) = (Ahead(i, totalBefore, (int)ask.Priority == i ? served : 0), Ahead(i, totalBefore + served, 0));
        most[i] = waiting[i] == 0 ? after : Math.Max(most[i], before);
        least[i] = waiting.Take(i).Sum() == 0 ? after : Math.Min(least[i], before);
        most[i] = Math.Max(most[i], after);
        least[i] = Math.Min(least[i], after);
        Violation.Unless(most[i] - after <= (2 * largest) + 1e-6, () => $"Class {i} waits, and is {most[i] - after} below its floor after call {ask.Id}.");
        Violation.Unless(after - least[i] <= (2 * largest) + 1e-6, () => $"Class {i} is {after - least[i]} above its floor while a higher one waits, after call {ask.Id}.");
    }

    private double Ahead(int i, double total, double less) => service[i] - less - (floors[i] * total);
}
