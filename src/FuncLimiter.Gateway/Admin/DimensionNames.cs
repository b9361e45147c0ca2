using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Http.Endpoints;

namespace FuncLimiter.Gateway.Admin;

/// <summary>Reads the names of dimensions.</summary>
internal static class DimensionNames
{
    /// <summary>The dimension of a name, as it is reported.</summary>
    public static bool TryParse(string name, out Dimension dimension)
    {
        foreach (var candidate in Enum.GetValues<Dimension>())
        {
            if (DimensionName.Of(candidate) == name)
            {
                dimension = candidate;
                return true;
            }
        }

        dimension = default;
        return false;
    }
}
