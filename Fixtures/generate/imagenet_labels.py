"""Prints torchvision's names of the 1,000 ImageNet categories, one a line, in order.

    python imagenet_labels.py > ../../Sources/Tool/FerryCommands/Resources/imagenet_categories.txt
"""

from vision import models

if __name__ == "__main__":
    names = models.AlexNet_Weights.IMAGENET1K_V1.meta["categories"]
    assert len(names) == 1000
    print("\n".join(names))
