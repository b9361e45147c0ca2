namespace FuncLimiter.Providers.Translation.Reading;

/// <summary>Collects losses; one is enough to close a way, the first few are shown.</summary>
internal sealed class LossList
{
    private const int MostKept = 8;

    private readonly List<Loss> _losses = [];

    /// <summary>The losses, in the order found.</summary>
    public IReadOnlyList<Loss> All => _losses;

    /// <summary>Notes one; what comes after the first few is as the first few.</summary>
    public void Add(string path, string why)
    {
        if (_losses.Count < MostKept)
        {
            _losses.Add(new Loss(path, why));
        }
    }
}
