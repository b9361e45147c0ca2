namespace FuncLimiter.Core.Scheduling;

/// <summary>
/// Keeps each lower class its floor: every time another class is served while it and a higher one wait it earns credit, and with credit in
/// hand it goes first, once. Its share of the service then is the floor, to within one call.
/// </summary>
/// <remarks>Worked: a floor of 5 % and calls of one second each: nineteen interactive ones go, then one background one.</remarks>
internal sealed class ClassFloors(IReadOnlyList<double> floors)
{
    private readonly double[] credit = new double[floors.Count];

    /// <summary>True where a class may go before higher ones.</summary>
    public bool IsOwed(int priority) => credit[priority] > 0;

    /// <summary>Counts a call that was served.</summary>
    /// <param name="served">Its class.</param>
    /// <param name="cost">Its cost.</param>
    /// <param name="isWaiting">Whether a class waits.</param>
    public void Count(int served, double cost, Func<int, bool> isWaiting)
    {
        var higherWaits = false;
        for (var i = 0; i < credit.Length; i++)
        {
            if (i == served)
            {
                credit[i] -= higherWaits ? cost : 0;
            }
            else if (!isWaiting(i))
            {
                credit[i] = Math.Min(0, credit[i]);
            }
            else if (served < i || higherWaits)
            {
                credit[i] += cost * floors[i] / (1 - floors[i]);
            }

            higherWaits |= isWaiting(i);
        }
    }
}
