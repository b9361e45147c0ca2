namespace FuncLimiter.Functions.Storage;

/// <summary>Opens something when it is first needed, for all who need it; anew where that failed.</summary>
/// <param name="open">Opens it.</param>
internal sealed class OpenedOnce<T>(Func<Task<T>> open)
{
    private readonly Lock _gate = new();
    private Task<T>? _opened;

    /// <summary>What was opened.</summary>
    public Task<T> GetAsync()
    {
        lock (_gate)
        {
            return _opened is { IsFaulted: false, IsCanceled: false } opened ? opened : _opened = open();
        }
    }
}
