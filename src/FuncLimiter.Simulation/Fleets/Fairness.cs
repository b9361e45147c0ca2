namespace FuncLimiter.Simulation.Fleets;

/// <summary>How evenly something is shared.</summary>
public static class Fairness
{
    /// <summary>
    /// Jain's index, (sum x)² / (n · sum x²): 1 when all have the same, 1/n when one has everything; 0 where nobody has anything, since
    /// then there is no fairness to claim.
    /// </summary>
    /// <param name="shares">What each one got, over its weight.</param>
    public static double Jain(IEnumerable<double> shares)
    {
        var (count, sum, squares) = (0, 0.0, 0.0);
        foreach (var share in shares)
        {
            (count, sum, squares) = (count + 1, sum + share, squares + (share * share));
        }

        return squares > 0 ? sum * sum / (count * squares) : 0;
    }
}
